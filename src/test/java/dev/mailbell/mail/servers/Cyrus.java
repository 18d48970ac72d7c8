package dev.mailbell.mail.servers;

import dev.mailbell.Ports;
import dev.mailbell.mail.Protocol;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Cyrus: IMAP and POP3 over its own store, which changes over IMAP alone. */
public final class Cyrus implements RealMailServer {
    private static final String PASSWORD = "s3cret-word";
    private static final AtomicInteger USERS = new AtomicInteger();
    private static final List<String> FOLDERS =
            List.of("db", "log", "msg", "proc", "ptclient", "quota", "socket", "user", "lock");
    private static @Nullable Cyrus shared;

    private final ServerHome home = new ServerHome("cyrus");
    private final int imap = Ports.free();
    private final int pop3 = Ports.free();

    private Cyrus(UnpackedServer server) {
        FOLDERS.forEach(folder -> home.makeFolder("conf/" + folder));
        home.makeFolder("spool");
        Path sockets = home.makeFolder("sockets");
        try {
            home.closeAtEnd(new LocalService(sockets.resolve("mux"), Cyrus::authenticate));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Path configuration =
                home.write(
                        "imapd.conf",
                        """
                        configdirectory: %1$s/conf
                        proc_path: %1$s/conf/proc
                        mboxname_lockpath: %1$s/conf/lock
                        defaultpartition: default
                        partition-default: %1$s/spool
                        cyrus_user: %2$s
                        cyrus_group: %3$s
                        altnamespace: yes
                        unixhierarchysep: yes
                        allowplaintext: yes
                        sasl_pwcheck_method: saslauthd
                        sasl_saslauthd_path: %1$s/sockets/mux
                        sasl_mech_list: PLAIN LOGIN
                        autocreate_quota: 0
                        autocreate_inbox_folders: Work|Away
                        idlesocket: %1$s/sockets/idle
                        notifysocket: %1$s/sockets/notify
                        lmtpsocket: %1$s/sockets/lmtp
                        delete_mode: immediate
                        popminpoll: 0
                        servername: localhost
                        """
                                .formatted(
                                        home.folder(), home.owner().user(), home.owner().group()));
        String programs = server.file("usr/lib/cyrus/bin") + "/";
        Path services =
                home.write(
                        "cyrus.conf",
                        """
                        START {
                          recover cmd="%1$sctl_cyrusdb -C %2$s -r"
                          idled cmd="%1$sidled -C %2$s"
                        }
                        SERVICES {
                          imap cmd="%1$simapd -C %2$s -U 30" listen="127.0.0.1:%3$d" prefork=1
                          pop3 cmd="%1$spop3d -C %2$s -U 30" listen="127.0.0.1:%4$d" prefork=1
                        }
                        EVENTS { }
                        """
                                .formatted(programs, configuration, imap, pop3));
        home.start(
                Map.of("LD_LIBRARY_PATH", server.libraryPath()),
                List.of(
                        programs + "master",
                        "-C",
                        configuration.toString(),
                        "-M",
                        services.toString(),
                        "-p",
                        sockets.resolve("pid").toString()),
                imap,
                pop3);
    }

    public static synchronized Cyrus shared() {
        if (shared == null) {
            shared = new Cyrus(UnpackedServer.of("cyrus"));
        }
        return shared;
    }

    /** The protocol of saslauthd: every user name is valid with the one password. */
    private static void authenticate(InputStream in, OutputStream out) throws IOException {
        List<String> given = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int length = in.read() << 8 | in.read();
            if (length < 0) {
                throw new IOException("a request that ends early");
            }
            given.add(new String(in.readNBytes(length), StandardCharsets.UTF_8));
        }
        out.write(0);
        out.write(2);
        out.write(
                (given.get(1).equals(PASSWORD) ? "OK" : "NO").getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public int port(Protocol protocol) {
        return protocol == Protocol.IMAP ? imap : pop3;
    }

    @Override
    public String password() {
        return PASSWORD;
    }

    /** The user's mailboxes are made at the first login. */
    @Override
    public RealMailbox freshUser() {
        return new Mail("user" + USERS.incrementAndGet());
    }

    private final class Mail implements RealMailbox {
        private static final Pattern UID = Pattern.compile("UID (\\d+)");

        private final String user;

        /** Kept from step to step; Cyrus lets many be open. */
        private final ImapClient client;

        private String open = "";
        private int delivered;

        Mail(String user) {
            this.user = user;
            this.client = new ImapClient(Cyrus.this, imap, user);
        }

        @Override
        public String user() {
            return user;
        }

        @Override
        public String folder() {
            return "Work";
        }

        @Override
        public Set<Step> steps(Protocol protocol) {
            return EnumSet.complementOf(EnumSet.of(Step.REINDEX));
        }

        @Override
        public void deliver(String mailbox, int count, Instant received) {
            for (int i = 0; i < count; i++) {
                client.append(mailbox, received, Messages.message(++delivered));
            }
        }

        /** Opened for reading, so that messages stay recent. */
        private void open(String mailbox, String command) {
            if (!open.equals(command + mailbox)) {
                client.command(command + " \"" + mailbox + '"');
                open = command + mailbox;
            }
        }

        @Override
        public List<String> messages(String mailbox) {
            open = "";
            open(mailbox, "EXAMINE");
            String validity = client.command("STATUS \"" + mailbox + "\" (UIDVALIDITY)").getFirst();
            List<String> messages = new ArrayList<>();
            for (String line : client.command("UID FETCH 1:* (UID)")) {
                Matcher uid = UID.matcher(line);
                if (uid.find()) {
                    messages.add(uid.group(1) + " of " + validity);
                }
            }
            return messages;
        }

        private static String uid(String message) {
            return message.substring(0, message.indexOf(' '));
        }

        @Override
        public void remove(String mailbox, String message) {
            open(mailbox, "SELECT");
            client.command("UID STORE " + uid(message) + " +FLAGS.SILENT (\\Deleted)");
            client.command("UID EXPUNGE " + uid(message));
        }

        @Override
        public void flag(String mailbox, String message) {
            open(mailbox, "SELECT");
            client.command("UID STORE " + uid(message) + " +FLAGS.SILENT (\\Seen)");
        }

        @Override
        public void moveAwayAndBack(String mailbox, String message) {
            open(mailbox, "SELECT");
            client.command("UID MOVE " + uid(message) + " Away");
            open("Away", "SELECT");
            client.command("UID MOVE 1:* \"" + mailbox + '"');
        }

        @Override
        public void recreate(String mailbox) {
            open("Away", "SELECT");
            client.command("DELETE \"" + mailbox + '"');
            client.command("CREATE \"" + mailbox + '"');
        }

        @Override
        public void reindex(String mailbox) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int openForWriting(String mailbox) {
            open = "SELECT" + mailbox;
            return client.recent(mailbox);
        }

        @Override
        public int unread(String mailbox) {
            return client.unread(mailbox);
        }
    }
}
