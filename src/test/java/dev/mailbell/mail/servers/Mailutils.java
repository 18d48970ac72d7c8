package dev.mailbell.mail.servers;

import dev.mailbell.Ports;
import dev.mailbell.mail.Protocol;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** GNU mailutils: IMAP and POP3 over mbox files. */
public final class Mailutils implements RealMailServer {
    private static final String PASSWORD = "s3cret-word";

    /** SHA-512 crypt of {@link #PASSWORD}. */
    private static final String CRYPTED =
            "$6$mailbell$XlhiGPSWBgp.B0BmteM.LxcDWLyOnToffldtplUVZ2ifW9Po"
                    + "1xqpJjtuqC1Er3VdF48z6JuZBLnCvglHyDcuF.";

    private static final String DOMAIN = "mail.example";
    private static final AtomicInteger USERS = new AtomicInteger();
    private static @Nullable Mailutils shared;

    private final ServerHome home = new ServerHome("mailutils");
    private final int imap = Ports.free();
    private final int pop3 = Ports.free();

    private Mailutils(UnpackedServer server, boolean mechanisms) {
        home.makeFolder("mail");
        home.makeFolder("domains");
        listen(server, mechanisms, "imap4d", imap);
        listen(server, mechanisms, "pop3d", pop3);
    }

    public static synchronized Mailutils shared() {
        if (shared == null) {
            shared = new Mailutils(UnpackedServer.of("mailutils"), false);
        }
        return shared;
    }

    /** A server of its own that offers SCRAM and others, for which it has no secrets. */
    static Mailutils withUnusableMechanisms() {
        return new Mailutils(UnpackedServer.of("mailutils"), true);
    }

    private void listen(UnpackedServer server, boolean mechanisms, String program, int port) {
        Path configuration =
                home.write(
                        program + ".conf",
                        """
                        foreground yes;
                        mode daemon;
                        auth {
                          authentication clear;
                          authentication generic;
                          authorization clear;
                          authorization virtdomain;
                        };
                        virtdomain { passwd-dir %1$s/domains; };
                        gsasl { enable %4$s; };
                        mailbox {
                          mailbox-pattern "mbox:%1$s/mail/${user}/INBOX";
                          mailbox-type mbox;
                        };
                        %3$s
                        logging { syslog no; };
                        tcp-wrappers { enable no; };
                        max-children 100;
                        server 127.0.0.1:%2$d { };
                        """
                                .formatted(
                                        home.folder(),
                                        port,
                                        program.equals("imap4d")
                                                ? """
                                                namespace personal {
                                                  prefix "" {
                                                    directory "$home";
                                                    mailbox-type mbox;
                                                    delimiter "/";
                                                  };
                                                };\
                                                """
                                                : "",
                                        mechanisms ? "yes" : "no"));
        home.start(
                Map.of("LD_LIBRARY_PATH", server.libraryPath()),
                List.of(
                        server.file("usr/sbin/" + program).toString(),
                        "--no-site-config",
                        "--config-file=" + configuration),
                port);
    }

    @Override
    public int port(Protocol protocol) {
        return protocol == Protocol.IMAP ? imap : pop3;
    }

    @Override
    public String password() {
        return PASSWORD;
    }

    @Override
    public synchronized RealMailbox freshUser() {
        String name = "user" + USERS.incrementAndGet();
        Path folder = home.makeFolder("mail/" + name);
        try {
            Files.writeString(
                    home.folder().resolve("domains").resolve(DOMAIN),
                    "%s:%s:%d:%d::%s:/bin/false%n"
                            .formatted(
                                    name, CRYPTED, home.owner().uid(), home.owner().gid(), folder),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
            return new Mail(folder, name + "@" + DOMAIN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Mail implements RealMailbox {
        private static final DateTimeFormatter FROM_DATE =
                DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ROOT)
                        .withZone(ZoneOffset.UTC);
        private static final Pattern MESSAGE_ID = Pattern.compile("(?m)^Message-ID: <(\\d+)@");

        private final Path folder;
        private final String user;
        private int delivered;

        Mail(Path folder, String user) throws IOException {
            this.folder = folder;
            this.user = user;
            MailOwner.own(Files.createFile(file(INBOX)));
            MailOwner.own(Files.createFile(file(folder())));
        }

        private Path file(String mailbox) {
            return folder.resolve(mailbox);
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
            return EnumSet.of(Step.ARRIVE, Step.REMOVE);
        }

        @Override
        public void deliver(String mailbox, int count, Instant received) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < count; i++) {
                text.append("From ann@example.org ")
                        .append(FROM_DATE.format(received))
                        .append('\n')
                        .append(Messages.message(++delivered).replace("\r", ""))
                        .append('\n');
            }
            try {
                Files.writeString(file(mailbox), text, StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private List<String> parts(String mailbox) {
            try {
                String text = Files.readString(file(mailbox), StandardCharsets.ISO_8859_1);
                return text.isEmpty() ? List.of() : List.of(text.split("(?m)^(?=From )"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static String id(String part) {
            Matcher matcher = MESSAGE_ID.matcher(part);
            if (!matcher.find()) {
                throw new IllegalStateException("a message without a Message-ID: " + part);
            }
            return matcher.group(1);
        }

        @Override
        public List<String> messages(String mailbox) {
            return parts(mailbox).stream().map(Mail::id).toList();
        }

        @Override
        public void remove(String mailbox, String message) {
            List<String> kept = new ArrayList<>(parts(mailbox));
            kept.removeIf(part -> id(part).equals(message));
            try {
                Files.writeString(
                        file(mailbox), String.join("", kept), StandardCharsets.ISO_8859_1);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void flag(String mailbox, String message) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void moveAwayAndBack(String mailbox, String message) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void recreate(String mailbox) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void reindex(String mailbox) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int openForWriting(String mailbox) {
            try (ImapClient client = new ImapClient(Mailutils.this, imap, user)) {
                return client.recent(mailbox);
            }
        }

        @Override
        public int unread(String mailbox) {
            try (ImapClient client = new ImapClient(Mailutils.this, imap, user())) {
                return client.unread(mailbox);
            }
        }
    }
}
