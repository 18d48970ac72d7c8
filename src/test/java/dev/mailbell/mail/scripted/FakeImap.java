package dev.mailbell.mail.scripted;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An IMAP server on loopback with mailboxes and immediate push, whose behavior a test can replace.
 * Every user exists and has an INBOX and any other mailbox; UIDs are 1, 2, 3, …; messages are never
 * removed.
 */
public final class FakeImap implements AutoCloseable {
    /** How the server treats its clients. */
    public interface Behavior {
        /** Whether IDLE is refused although it is offered. */
        default boolean refusesIdle() {
            return false;
        }

        /** Whether new mail is not reported. */
        default boolean isSilent() {
            return false;
        }

        /**
         * Whether NOTIFY is offered and taken. Even so, only the mailbox that is open is reported.
         */
        default boolean offersNotify() {
            return false;
        }

        /** Whether neither DONE nor the command after it is answered. */
        default boolean ignoresDone() {
            return false;
        }

        /** Whether commands in one packet with DONE are lost. */
        default boolean dropsBehindDone() {
            return false;
        }

        /** Whether IDLE is ended as soon as it has begun. */
        default boolean endsIdle() {
            return false;
        }

        /** The name of a mailbox in the answer to STATUS. */
        default String nameInStatus(String asked) {
            return asked;
        }

        /**
         * Whether a command is refused.
         *
         * @param times how often it was sent in this session, including this time
         */
        default boolean refuses(String command, int times) {
            return false;
        }

        /** The refusal of LOGIN; empty for OK. */
        default String refusal() {
            return "";
        }

        /**
         * Called during the dialogue, so that a test can act at that moment.
         *
         * @param moment {@code command X} before a command is answered, {@code answered X}
         *     afterwards
         * @return whether the connection goes on
         */
        default boolean goesOn(String user, String moment) {
            return true;
        }

        /** Called when a user logs in on a connection. */
        default void loggedIn(String user, Socket connection) {}

        /** Called when a connection on which a user logged in has ended. */
        default void ended(String user, Socket connection) {}
    }

    private final ServerSocket listening;
    private final Map<String, AtomicInteger> inboxes = new ConcurrentHashMap<>();
    private final Map<String, Set<Session>> sessions = new ConcurrentHashMap<>();
    private final Set<Session> open = ConcurrentHashMap.newKeySet();
    private final ConcurrentLinkedQueue<Long> logins = new ConcurrentLinkedQueue<>();
    private final AtomicInteger goodbyes = new AtomicInteger();
    private final AtomicInteger commands = new AtomicInteger();
    private final AtomicInteger mostOfOneUser = new AtomicInteger();
    private volatile Behavior behavior = new Behavior() {};
    private volatile boolean away;

    public FakeImap() {
        try {
            listening = new ServerSocket(0, 5_000, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().name("fake-imap").start(this::accept);
    }

    public int port() {
        return listening.getLocalPort();
    }

    public void behave(Behavior now) {
        behavior = now;
    }

    /** Drops all connections and accepts none until it is back. */
    public void away(boolean now) {
        away = now;
        if (now) {
            open.forEach(Session::drop);
        }
    }

    /** Adds a message to INBOX and reports it. */
    public void deliver(String user) {
        deliver(user, "INBOX");
    }

    /** Adds a message to a mailbox and reports it. */
    public void deliver(String user, String mailbox) {
        total(user, mailbox).incrementAndGet();
        if (!behavior.isSilent()) {
            sessions.getOrDefault(user, Set.of()).forEach(Session::tell);
        }
    }

    /** Sends a line to all sessions of a user that wait in IDLE. */
    public void hint(String user, String line) {
        sessions.getOrDefault(user, Set.of()).forEach(session -> session.hint(line));
    }

    /** How many commands were received so far, except DONE. */
    public int commands() {
        return commands.get();
    }

    /** Sessions that are logged in. */
    public int openSessions() {
        return (int) open.stream().filter(session -> !session.user.isEmpty()).count();
    }

    /** Sessions that wait in IDLE. */
    public int idling() {
        return (int) open.stream().filter(session -> session.idling).count();
    }

    /** The times of all logins, by {@link System#nanoTime()}. */
    public List<Long> logins() {
        return List.copyOf(logins);
    }

    /** How many sessions ended with LOGOUT. */
    public int goodbyes() {
        return goodbyes.get();
    }

    /** The most sessions that one user ever had at once. */
    public int mostSessionsOfOneUser() {
        return mostOfOneUser.get();
    }

    private AtomicInteger total(String user, String mailbox) {
        return inboxes.computeIfAbsent(user + "/" + mailbox, name -> new AtomicInteger());
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket socket = listening.accept();
                Session session = new Session(socket);
                // Added before `away` is read: away(true) then closes it, and close() does as well.
                open.add(session);
                if (away || listening.isClosed()) {
                    open.remove(session);
                    socket.close();
                } else {
                    Thread.ofVirtual().name("fake-imap-session").start(session::run);
                }
            } catch (IOException e) {
                if (!listening.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        open.forEach(Session::drop);
    }

    private final class Session {
        private final Socket socket;
        private volatile String user = "";
        private volatile String selected = "";
        private volatile boolean idling;
        private final Map<String, Integer> came = new HashMap<>();
        private int told;

        Session(Socket socket) {
            this.socket = socket;
        }

        void drop() {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void run() {
            try (socket) {
                socket.setTcpNoDelay(true);
                say("* OK [CAPABILITY " + capabilities() + "] ready");
                BufferedReader in =
                        new BufferedReader(
                                new InputStreamReader(
                                        socket.getInputStream(), StandardCharsets.US_ASCII),
                                512);
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    boolean ends = idling && line.equalsIgnoreCase("DONE");
                    while (ends && behavior.dropsBehindDone() && in.ready()) {
                        in.readLine();
                    }
                    if (!serve(line)) {
                        return;
                    }
                }
            } catch (IOException gone) {
                // Either side may drop the connection at any moment.
            } finally {
                leave();
                if (!user.isEmpty()) {
                    behavior.ended(user, socket);
                }
            }
        }

        private void leave() {
            sessions.computeIfPresent(
                    user,
                    (name, own) -> {
                        own.remove(this);
                        return own;
                    });
            // Last: when no session is open, the user's entry is gone too.
            open.remove(this);
        }

        private boolean serve(String line) throws IOException {
            if (idling && behavior.ignoresDone()) {
                return true;
            }
            if (idling && line.equalsIgnoreCase("DONE")) {
                return within(
                        "DONE",
                        () -> {
                            idling = false;
                            sayNews();
                            say(idleTag + " OK done");
                        });
            }
            if (line.equalsIgnoreCase("DONE")) {
                if (!endedIdle) {
                    throw new IllegalStateException("DONE came without IDLE");
                }
                // The server has ended IDLE by itself while this was on its way.
                endedIdle = false;
                return true;
            }
            String[] words = line.split(" ", 4);
            String command = words[1].toUpperCase(Locale.ROOT);
            commands.incrementAndGet();
            return within(command, () -> answer(line, words, command)) && !command.equals("LOGOUT");
        }

        private String idleTag = "";

        /** Whether the server ended the last IDLE by itself, and no DONE has come since. */
        private boolean endedIdle;

        private interface Step {
            void run() throws IOException;
        }

        private boolean within(String command, Step step) throws IOException {
            if (!behavior.goesOn(user, "command " + command)) {
                return false;
            }
            synchronized (this) {
                step.run();
            }
            return behavior.goesOn(user, "answered " + command);
        }

        private void answer(String line, String[] words, String command) throws IOException {
            String tag = words[0];
            if (behavior.refuses(command, came.merge(command, 1, Integer::sum))) {
                say(tag + " NO [SERVERBUG] the index is broken");
                return;
            }
            switch (command) {
                case "CAPABILITY" -> say("* CAPABILITY " + capabilities());
                case "LOGIN" -> {
                    if (!behavior.refusal().isEmpty()) {
                        say(tag + " NO " + behavior.refusal());
                        return;
                    }
                    login(words[2].replace("\"", ""));
                }
                case "EXAMINE" -> {
                    selected = name(line);
                    told = total(user, selected).get();
                    say("* " + told + " EXISTS");
                    say("* OK [UIDVALIDITY 1] ok");
                    say("* OK [UIDNEXT " + (told + 1) + "] ok");
                }
                case "UNSELECT" -> selected = "";
                case "STATUS" -> {
                    String name = name(line);
                    int total = total(user, name).get();
                    say(
                            "* STATUS "
                                    + behavior.nameInStatus(name)
                                    + " (MESSAGES "
                                    + total
                                    + " UIDNEXT "
                                    + (total + 1)
                                    + " UIDVALIDITY 1)");
                }
                case "UID" -> {
                    if (words[2].equalsIgnoreCase("FETCH")) {
                        fetch(words[3]);
                        break;
                    }
                    int from = Integer.parseInt(words[3].replaceAll(".* (\\d+):.*", "$1"));
                    int count = Math.max(0, told - from + 1);
                    say(
                            "* ESEARCH (TAG \""
                                    + tag
                                    + "\") UID COUNT "
                                    + count
                                    + (count > 0 ? " ALL " + from + ":" + told : ""));
                }
                case "FETCH" -> say("* " + words[2] + " FETCH (UID " + words[2] + ")");
                case "IDLE" -> {
                    if (behavior.refusesIdle()) {
                        say(tag + " BAD [CLIENTBUG] no IDLE here");
                    } else {
                        say("+ idling");
                        idleTag = tag;
                        endedIdle = false;
                        idling = true;
                        sayNews();
                        if (behavior.endsIdle()) {
                            endedIdle = true;
                            idling = false;
                            say(tag + " OK done");
                        }
                    }
                    return;
                }
                case "LOGOUT" -> {
                    // Before the client knows: its next session does not meet this one, and a test
                    // does not count it.
                    leave();
                    say("* BYE see you");
                    goodbyes.incrementAndGet();
                }
                case "NOTIFY" -> {
                    if (!behavior.offersNotify()) {
                        say(tag + " BAD unknown");
                        return;
                    }
                }
                default -> {
                    say(tag + " BAD unknown");
                    return;
                }
            }
            sayNews();
            say(tag + " OK done");
        }

        private String capabilities() {
            return "IMAP4rev1 IDLE ESEARCH UNSELECT LITERAL+"
                    + (behavior.offersNotify() ? " NOTIFY" : "");
        }

        /** Answers {@code 3:* (UID)}; other attributes are not supported. */
        private void fetch(String arguments) throws IOException {
            if (arguments.endsWith(":* (UID)")) {
                int from = Integer.parseInt(arguments.substring(0, arguments.indexOf(':')));
                for (int uid = Math.min(from, told); uid <= told && uid > 0; uid++) {
                    say("* " + uid + " FETCH (UID " + uid + ")");
                }
            }
        }

        private void login(String name) {
            logins.add(System.nanoTime());
            user = name;
            Set<Session> own = sessions.computeIfAbsent(user, key -> ConcurrentHashMap.newKeySet());
            own.add(this);
            mostOfOneUser.accumulateAndGet(own.size(), Math::max);
            behavior.loggedIn(user, socket);
        }

        /** Reports messages that arrived since the last time, if a mailbox is open. */
        synchronized void tell() {
            try {
                if (idling) {
                    sayNews();
                }
            } catch (IOException e) {
                // The reader notices.
            }
        }

        synchronized void hint(String line) {
            try {
                if (idling) {
                    say(line);
                }
            } catch (IOException e) {
                // The reader notices.
            }
        }

        /** The mailbox that a command names. */
        private static String name(String line) {
            String rest = line.split(" ", 3)[2];
            return rest.startsWith("\"")
                    ? rest.substring(1, rest.indexOf('"', 1))
                    : rest.split(" ", 2)[0];
        }

        private void sayNews() throws IOException {
            int total = total(user, selected).get();
            if (!selected.isEmpty() && total > told && !(behavior.isSilent() && idling)) {
                told = total;
                say("* " + total + " EXISTS");
            }
        }

        private void say(String line) throws IOException {
            OutputStream out = socket.getOutputStream();
            out.write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
            out.flush();
        }
    }
}
