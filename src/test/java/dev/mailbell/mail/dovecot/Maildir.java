package dev.mailbell.mail.dovecot;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** The mail of one user, changed in the file system or by doveadm, with its true content. */
public final class Maildir {
    private static final String INBOX = "INBOX";

    private final Dovecot server;
    private final Path root;
    private final String user;
    private int delivered;

    Maildir(Dovecot server, Path mail, String user) {
        this.server = server;
        this.user = user;
        Path home = mail.resolve(user);
        this.root = home.resolve("Maildir");
        try {
            Files.createDirectories(root);
            ownByMailUser(home);
            ownByMailUser(root);
            for (String name : List.of("cur", "new", "tmp")) {
                ownByMailUser(Files.createDirectory(root.resolve(name)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The name to log in with. */
    public String user() {
        return user;
    }

    /** The folder that holds INBOX. */
    public Path root() {
        return root;
    }

    /**
     * Delivers a message into INBOX; it takes the next UID when the server scans it. Costs no
     * process, so it is fit for thousands.
     */
    public void deliver(String message) {
        drop(root, message);
    }

    /**
     * Puts a message straight into the directory of a mailbox of one level, which must exist:
     * unlike {@link #deliver(String, String)}, this does not notify the server.
     */
    public void drop(String mailbox, String message) {
        drop(root.resolve("." + mailbox), message);
    }

    /** Removes what the server remembers of a mailbox of one level, the list of its UIDs too. */
    public void removeIndexes(String mailbox) {
        try (var files = Files.list(root.resolve("." + mailbox))) {
            for (Path file :
                    files.filter(file -> file.getFileName().toString().startsWith("dovecot"))
                            .toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void drop(Path directory, String message) {
        // Dovecot gives UIDs in the order of the leading number.
        String name = (1_700_000_000L + delivered++) + ".M1P1.mailbell";
        try {
            Path file = directory.resolve("tmp").resolve(name);
            Files.writeString(file, message.replaceAll("\r?\n", "\r\n"));
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
            Files.move(file, directory.resolve("new").resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Delivers small messages into INBOX. */
    public void deliver(int count) {
        for (int i = 0; i < count; i++) {
            deliver(message("message " + delivered));
        }
    }

    /** Delivers a message into a mailbox, which must exist; its name is in Unicode. */
    public void deliver(String mailbox, String message) {
        if (mailbox.equals(INBOX)) {
            deliver(message);
            return;
        }
        try {
            Path file = Files.createTempFile(root, "save", ".eml");
            try {
                Files.writeString(file, message.replaceAll("\r?\n", "\r\n"));
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
                server.doveadm("save", "-u", user, "-m", mailbox, file.toString());
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A small message. */
    public static String message(String subject) {
        return """
        From: Ann <ann@example.org>
        To: bob@example.org
        Subject: %s
        Date: Fri, 20 Nov 2026 10:00:00 +0000
        Message-ID: <%s@example.org>

        Hello.
        """
                .formatted(subject, Integer.toHexString(subject.hashCode()));
    }

    /** Removes messages for good. */
    public void expunge(String mailbox, long... uids) {
        if (uids.length > 0) {
            String set =
                    LongStream.of(uids).mapToObj(Long::toString).collect(Collectors.joining(","));
            server.doveadm("expunge", "-u", user, "mailbox", mailbox, "uid", set);
        }
    }

    /** Creates a mailbox; the name is in Unicode, its levels separated by a slash. */
    public void create(String mailbox) {
        server.doveadm("mailbox", "create", "-u", user, mailbox);
    }

    public void delete(String mailbox) {
        server.doveadm("mailbox", "delete", "-u", user, "-Z", mailbox);
    }

    public void rename(String mailbox, String name) {
        server.doveadm("mailbox", "rename", "-u", user, mailbox, name);
    }

    /** Changes UIDVALIDITY; the messages stay. */
    public void uidValidity(String mailbox, long value) {
        server.doveadm(
                "mailbox", "update", "-u", user, "--uid-validity", Long.toString(value), mailbox);
    }

    /** Raises UIDNEXT. */
    public void uidNext(String mailbox, long value) {
        server.doveadm(
                "mailbox", "update", "-u", user, "--min-next-uid", Long.toString(value), mailbox);
    }

    /** The UIDs there are, ascending. */
    public long[] uids(String mailbox) {
        return fetch(mailbox, "uid").stream().mapToLong(Long::parseLong).toArray();
    }

    /** {@code messages}, {@code uidnext} or {@code uidvalidity} of a mailbox. */
    public long status(String mailbox, String item) {
        String said = server.doveadm("-f", "tab", "mailbox", "status", "-u", user, item, mailbox);
        String[] cells = said.lines().toList().get(1).split("\t", -1);
        return Long.parseLong(cells[cells.length - 1]);
    }

    /** The flags of each message, ascending by UID, for example {@code \Seen}. */
    public List<String> flags(String mailbox) {
        return fetch(mailbox, "flags");
    }

    /**
     * The files that hold INBOX: one in {@code new} is unseen by any session that may change it.
     */
    public List<String> files() {
        Map<String, String> files = new HashMap<>();
        // In this order: a file that the server moves from new to cur meanwhile is listed twice, of
        // which the later place counts, and in the other order it might be in neither list.
        for (String part : List.of("new", "cur")) {
            // Beside these two the server makes and removes files of its own at any moment.
            try (Stream<Path> children = Files.list(root.resolve(part))) {
                children.filter(file -> file.toString().contains(".mailbell"))
                        .map(file -> root.relativize(file).toString())
                        .forEach(file -> files.put(uniqueName(file), file));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return files.values().stream().sorted().toList();
    }

    /** Removes one of the {@link #files()}, as another program would. */
    public void remove(String file) {
        try {
            Files.delete(root.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What stays of a file's name when a session moves it from {@code new} to {@code cur}. */
    public static String uniqueName(String file) {
        String name = file.substring(file.indexOf('/') + 1);
        int flags = name.indexOf(':');
        return flags < 0 ? name : name.substring(0, flags);
    }

    private List<String> fetch(String mailbox, String field) {
        String said =
                server.doveadm("-f", "tab", "fetch", "-u", user, field, "mailbox", mailbox, "all");
        List<String> lines = Arrays.asList(said.split("\n", -1));
        // A heading first, and an empty piece behind the last line end.
        return said.isEmpty() ? List.of() : lines.subList(1, lines.size() - 1);
    }

    private static void ownByMailUser(Path path) throws IOException {
        if ("root".equals(System.getProperty("user.name"))) {
            Files.setOwner(
                    path,
                    path.getFileSystem()
                            .getUserPrincipalLookupService()
                            .lookupPrincipalByName("nobody"));
        }
    }
}
