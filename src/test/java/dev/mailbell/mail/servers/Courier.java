package dev.mailbell.mail.servers;

import dev.mailbell.Ports;
import dev.mailbell.mail.Protocol;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Courier: IMAP and POP3 over Maildirs. */
public final class Courier implements RealMailServer {
    private static final String PASSWORD = "s3cret-word";
    private static final AtomicInteger USERS = new AtomicInteger();
    private static final String LIBRARY = "libcourierauth.so.0";

    /** Where its authentication library expects the daemon, and a path relative to the server. */
    private static final String SOCKET = "/run/courier/authdaemon/socket";

    private static final String OWN_SOCKET = "auth.socket";
    private static @Nullable Courier shared;

    private final ServerHome home = new ServerHome("courier");
    private final int imap = Ports.free();
    private final int pop3 = Ports.free();

    private Courier(UnpackedServer server) {
        Path mail = home.makeFolder("mail");
        Path libraries = home.makeFolder("lib");
        try {
            redirectSocket(server.file("usr/lib/" + LIBRARY), libraries.resolve(LIBRARY));
            home.closeAtEnd(
                    new LocalService(
                            home.folder().resolve(OWN_SOCKET),
                            (in, out) -> authenticate(in, out, mail)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Map<String, String> environment = new HashMap<>();
        environment.put("LD_LIBRARY_PATH", libraries + ":" + server.libraryPath());
        environment.put("IMAP_CAPABILITY", "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE SORT QUOTA IDLE");
        environment.put("IMAP_KEYWORDS", "1");
        environment.put("IMAP_ACL", "1");
        // Courier starts this program to be notified of files; without it each login takes seconds.
        environment.put("GAMIN_DEBUG_SERVER", server.file("usr/libexec/gam_server").toString());
        environment.put("GAM_CLIENT_ID", home.folder().getFileName().toString());
        // Seconds: a message that arrived between a check and IDLE is reported only after this
        // time.
        environment.put("IMAP_IDLE_TIMEOUT", "2");
        environment.put("IMAP_ENHANCEDIDLE", "1");
        environment.put("IMAP_USELOCKS", "1");
        environment.put("IMAP_MAILBOX_SANITY_CHECK", "1");
        environment.put("IMAP_TRASHFOLDERNAME", "Trash");
        environment.put("IMAP_UMASK", "022");
        environment.put("POP3AUTH", "LOGIN");
        String programs = "usr/lib/courier/courier/";
        listen(
                environment,
                server,
                imap,
                server.file(programs + "imaplogin"),
                server.file("usr/bin/imapd"));
        listen(
                environment,
                server,
                pop3,
                server.file(programs + "courierpop3login"),
                server.file(programs + "courierpop3d"));
    }

    public static synchronized Courier shared() {
        if (shared == null) {
            shared = new Courier(UnpackedServer.of("courier"));
        }
        return shared;
    }

    private void listen(
            Map<String, String> environment,
            UnpackedServer server,
            int port,
            Path login,
            Path program) {
        home.start(
                environment,
                List.of(
                        server.file("usr/sbin/couriertcpd").toString(),
                        "-address=" + HOST,
                        "-maxprocs=100",
                        "-maxperip=100",
                        "-nodnslookup",
                        "-noidentlookup",
                        Integer.toString(port),
                        login.toString(),
                        program.toString(),
                        "Maildir"),
                port);
    }

    /** Copies the authentication library with another path of its daemon's socket. */
    private static void redirectSocket(Path library, Path copy) throws IOException {
        byte[] code = Files.readAllBytes(library);
        // The compiler has cut the text into two constants of 16 octets that overlap by one.
        replace(code, SOCKET.substring(0, 16), OWN_SOCKET);
        replace(code, SOCKET.substring(15) + "\0", "");
        Files.write(copy, code);
    }

    private static void replace(byte[] code, String text, String replacement) {
        int at = new String(code, StandardCharsets.ISO_8859_1).indexOf(text);
        if (at < 0) {
            throw new IllegalStateException(LIBRARY + " is built another way: no \"" + text + '"');
        }
        byte[] padded =
                Arrays.copyOf(replacement.getBytes(StandardCharsets.ISO_8859_1), text.length());
        System.arraycopy(padded, 0, code, at, padded.length);
    }

    /** Courier's authdaemon protocol: every user name is valid with the one password. */
    private void authenticate(InputStream in, OutputStream out, Path mail) throws IOException {
        String request = line(in);
        while (request.contains("=")) {
            request = line(in);
        }
        if (!request.startsWith("AUTH ")) {
            throw new IOException("not a request to authenticate: " + request);
        }
        int length = Integer.parseInt(request.substring(5).strip());
        String[] given = new String(in.readNBytes(length), StandardCharsets.UTF_8).split("\n", -1);
        String answer = "FAIL\n";
        if (given.length >= 4 && given[1].equals("login") && given[3].equals(PASSWORD)) {
            Path folder = mail.resolve(given[2]);
            answer =
                    """
                    UID=%d
                    GID=%d
                    HOME=%s
                    ADDRESS=%s
                    MAILDIR=%s
                    .
                    """
                            .formatted(
                                    home.owner().uid(),
                                    home.owner().gid(),
                                    folder,
                                    given[2],
                                    folder.resolve("Maildir"));
        }
        out.write(answer.getBytes(StandardCharsets.UTF_8));
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("a request that ends early: " + line);
            }
            line.append((char) next);
        }
        return line.toString();
    }

    @Override
    public int port(Protocol protocol) {
        return protocol == Protocol.IMAP ? imap : pop3;
    }

    @Override
    public String password() {
        return PASSWORD;
    }

    /** A user whose mail program has opened both mailboxes, so that their UIDVALIDITY is stored. */
    @Override
    public RealMailbox freshUser() {
        Mail fresh = neverOpened();
        fresh.reindex(RealMailbox.INBOX);
        fresh.reindex(fresh.folder());
        return fresh;
    }

    /** A user whose mailboxes no IMAP client has opened for writing yet. */
    public RealMailbox userWithoutMailProgram() {
        return neverOpened();
    }

    private Mail neverOpened() {
        String user = "user" + USERS.incrementAndGet();
        return new Mail(home.makeFolder("mail/" + user).resolve("Maildir"), user);
    }

    private final class Mail extends Maildirs {
        /** Far from the server's own, which it takes from the clock. */
        private int uidValidity;

        Mail(Path root, String user) {
            super(root, user);
        }

        @Override
        public String folder() {
            return "INBOX.Work";
        }

        @Override
        public Set<Step> steps(Protocol protocol) {
            // Over IMAP it is known by its headers: one that was moved away and back is the same.
            return protocol == Protocol.IMAP
                    ? EnumSet.complementOf(EnumSet.of(Step.MOVE))
                    : EnumSet.allOf(Step.class);
        }

        @Override
        public void recreate(String mailbox) {
            super.recreate(mailbox);
            reindex(mailbox);
        }

        /** As after the loss of its UID list and a mail program's visit at another second. */
        @Override
        public void reindex(String mailbox) {
            try {
                Path list = Files.createTempFile(directory(mailbox).resolve("tmp"), "uids", "");
                Files.writeString(list, "1 " + ++uidValidity + " 1\n");
                MailOwner.own(list);
                Files.move(
                        list,
                        directory(mailbox).resolve("courierimapuiddb"),
                        StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            openForWriting(mailbox);
        }

        @Override
        public int openForWriting(String mailbox) {
            try (ImapClient client = new ImapClient(Courier.this, imap, user())) {
                return client.recent(mailbox);
            }
        }

        @Override
        public int unread(String mailbox) {
            try (ImapClient client = new ImapClient(Courier.this, imap, user())) {
                return client.unread(mailbox);
            }
        }
    }
}
