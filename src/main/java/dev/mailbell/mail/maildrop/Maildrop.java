package dev.mailbell.mail.maildrop;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.auth.LoginMethods;
import dev.mailbell.mail.connection.LimitedSocket;
import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.mail.pop3.login.Pop3Login;
import dev.mailbell.mail.pop3.login.ServerQuirks;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.mail.pop3.protocol.Silences;
import dev.mailbell.mail.text.ServerText;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open maildrop (RFC 1939). Every command has a deadline and a limit of octets. Messages that
 * were marked by {@link #delete} are removed by {@link #quit} alone: a connection that is closed or
 * lost removes nothing. For one thread.
 */
public final class Maildrop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Maildrop.class);
    private static final long LISTING_BUDGET = 64L << 20;
    private static final int MAX_MESSAGES = 200_000;

    /** What is read beyond a message's own limit: dots that are stuffed, and line ends. */
    private static final long SLACK = 1 << 20;

    private static final Pattern NUMBERS = Pattern.compile("(\\d{1,9})\\s+(\\d{1,18})(?:\\s.*)?");
    private static final Pattern UID = Pattern.compile("(\\d{1,9})\\s+(\\S{1,200})\\s*");

    private final LimitedSocket socket;
    private final Login login;
    private final Duration timeout;
    private final DotLines lines;
    private int marked;

    private Maildrop(LimitedSocket socket, Login login, Duration timeout) throws IOException {
        this.socket = socket;
        this.login = login;
        this.timeout = timeout;
        this.lines = new DotLines(socket.getInputStream());
    }

    /**
     * The number of messages and their size together.
     *
     * @param octets as the server counts them
     */
    public record Stat(int messages, long octets) {}

    /** A message and its size. */
    public record Entry(int number, long octets) {}

    /** A message and its UID. */
    public record UidEntry(int number, String uid) {}

    /**
     * Connects and logs in.
     *
     * @param timeout of the login, and of each command
     * @throws MailFailure when that fails
     */
    public static Maildrop open(MailConnector connector, Login login, Duration timeout) {
        Deadline deadline = Deadline.after(timeout);
        LimitedSocket socket = connector.open(login, deadline, LISTING_BUDGET);
        boolean opened = false;
        try {
            ServerQuirks quirks = new ServerQuirks.Memory(System::nanoTime).of(login);
            Pop3Wire wire = new Pop3Wire(socket, Silences.USUAL);
            new Pop3Login(
                            wire,
                            login,
                            new LoginMethods(),
                            quirks,
                            Silences.USUAL.patience(deadline))
                    .enter();
            Maildrop maildrop = new Maildrop(socket, login, timeout);
            opened = true;
            return maildrop;
        } catch (IOException e) {
            throw socket.failure(e);
        } finally {
            if (!opened) {
                socket.cut();
            }
        }
    }

    public Stat stat() {
        Matcher matcher = NUMBERS.matcher(command("STAT", LISTING_BUDGET));
        if (!matcher.matches()) {
            throw unexpected("STAT");
        }
        return new Stat(Integer.parseInt(matcher.group(1)), Long.parseLong(matcher.group(2)));
    }

    /** All messages with their sizes, in the server's order. */
    public List<Entry> list() {
        return listing(
                "LIST",
                NUMBERS,
                matcher ->
                        new Entry(
                                Integer.parseInt(matcher.group(1)),
                                Long.parseLong(matcher.group(2))));
    }

    /** All messages with their UIDs, in the server's order. */
    public List<UidEntry> uids() {
        return listing(
                "UIDL",
                UID,
                matcher ->
                        new UidEntry(
                                Integer.parseInt(matcher.group(1)),
                                ServerText.oneLine(matcher.group(2), 100)));
    }

    private <T> List<T> listing(String command, Pattern pattern, Function<Matcher, T> read) {
        command(command, LISTING_BUDGET);
        List<T> result = new ArrayList<>();
        guarded(() -> {
            for (String line = lines.next(); line != null; line = lines.next()) {
                Matcher matcher = pattern.matcher(line.strip());
                if (!matcher.matches()) {
                    throw unexpected(command);
                }
                if (result.size() == MAX_MESSAGES) {
                    throw new MailFailure(
                            FailureCode.PROTOCOL_ERROR,
                            "the server lists more than " + MAX_MESSAGES + " messages");
                }
                result.add(read.apply(matcher));
            }
            return result;
        });
        return result;
    }

    /**
     * The header and the first lines of a message's body, without changing it.
     *
     * @param sink gets the octets
     * @param limit the maximum number of octets
     */
    public void top(int number, int bodyLines, OutputStream sink, long limit) {
        command("TOP " + number + " " + bodyLines, limit + SLACK);
        copy(sink, limit);
    }

    /**
     * A whole message.
     *
     * @param sink gets the octets
     * @param limit the maximum number of octets; a longer message is a failure
     */
    public void retrieve(int number, OutputStream sink, long limit) {
        command("RETR " + number, limit + SLACK);
        copy(sink, limit);
    }

    private void copy(OutputStream sink, long limit) {
        guarded(() -> lines.copy(sink, limit));
    }

    /** Marks a message to be removed by {@link #quit}. */
    public void delete(int number) {
        command("DELE " + number, LISTING_BUDGET);
        marked++;
    }

    /** How many messages are marked to be removed. */
    public int marked() {
        return marked;
    }

    /** Unmarks all messages. */
    public void reset() {
        command("RSET", LISTING_BUDGET);
        marked = 0;
    }

    /** Ends the session; the server removes the marked messages now. Returns its answer. */
    public String quit() {
        return ServerText.shown(command("QUIT", LISTING_BUDGET), secrets());
    }

    /** Closes the connection. Marked messages stay, unless {@link #quit} was answered. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("the connection was not closed cleanly", e);
        }
    }

    /** Sends a command and returns the text of its +OK, as ISO 8859-1. */
    private String command(String command, long budget) {
        socket.renew(Deadline.after(timeout), budget);
        return guarded(() -> {
            socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
            String line = lines.line();
            if (line.startsWith("+OK")) {
                return line.substring(3).strip();
            }
            if (!line.startsWith("-ERR")) {
                throw unexpected(command);
            }
            throw new RefusedException(
                    "the server refused "
                            + command
                            + ": \""
                            + ServerText.shown(line.substring(4).strip(), secrets())
                            + "\"");
        });
    }

    private List<String> secrets() {
        return switch (login.credential()) {
            case Credential.Password(String password) -> List.of(password);
            case Credential.AccessToken(String token) -> List.of(token);
        };
    }

    private MailFailure unexpected(String command) {
        return new MailFailure(
                FailureCode.PROTOCOL_ERROR,
                "the server answered " + command + " with something that is not POP3");
    }

    /** A part of the dialogue. */
    @FunctionalInterface
    private interface Step<T> {
        T run() throws IOException;
    }

    /**
     * Runs a part of the dialogue; after a failure other than a refusal the connection is closed.
     */
    private <T> T guarded(Step<T> step) {
        try {
            return step.run();
        } catch (RefusedException e) {
            throw e;
        } catch (RuntimeException e) {
            socket.cut();
            throw e;
        } catch (IOException e) {
            MailFailure failure = socket.failure(e);
            socket.cut();
            throw failure;
        } finally {
            socket.parsed();
        }
    }

    /** The server said -ERR; the session goes on. */
    public static final class RefusedException extends MailFailure {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(FailureCode.SERVER_ERROR, message);
        }
    }
}
