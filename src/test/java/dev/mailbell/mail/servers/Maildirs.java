package dev.mailbell.mail.servers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** INBOX and one folder as Maildirs (Maildir++), changed in the file system. */
abstract class Maildirs implements RealMailbox {
    private static final String DIRECTORY = ".Work";

    private final Path root;
    private final String user;
    private int delivered;

    /**
     * @param root the directory of INBOX, created if it does not exist
     */
    Maildirs(Path root, String user) {
        this.root = root;
        this.user = user;
        make(root);
        make(root.resolve(DIRECTORY));
    }

    @Override
    public final String user() {
        return user;
    }

    final Path directory(String mailbox) {
        return mailbox.equals(INBOX) ? root : root.resolve(DIRECTORY);
    }

    private static void make(Path maildir) {
        try {
            Files.createDirectories(maildir);
            MailOwner.own(maildir);
            for (String name : List.of("cur", "new", "tmp")) {
                Path part = maildir.resolve(name);
                if (!Files.exists(part)) {
                    MailOwner.own(Files.createDirectory(part));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A name that sorts after all names so far, because servers assign UIDs in this order. */
    private String nextName() {
        return (1_700_000_000L + delivered++) + ".M1P1.mailbell";
    }

    @Override
    public void deliver(String mailbox, int count, Instant received) {
        try {
            for (int i = 0; i < count; i++) {
                String name = nextName();
                Path file = directory(mailbox).resolve("tmp").resolve(name);
                Files.writeString(file, Messages.message(delivered));
                MailOwner.own(file);
                Files.setLastModifiedTime(file, FileTime.from(received));
                Files.move(file, directory(mailbox).resolve("new").resolve(name));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public List<String> messages(String mailbox) {
        // A file that the server moves from new to cur meanwhile is listed twice.
        return files(mailbox).stream().map(Maildirs::uniqueName).distinct().sorted().toList();
    }

    private List<Path> files(String mailbox) {
        List<Path> files = new ArrayList<>();
        for (String part : List.of("new", "cur")) {
            try (Stream<Path> children = Files.list(directory(mailbox).resolve(part))) {
                children.forEach(files::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return files;
    }

    /** A file's name without its flags. */
    private static String uniqueName(Path file) {
        String name = file.getFileName().toString();
        int flags = name.indexOf(':');
        return flags < 0 ? name : name.substring(0, flags);
    }

    /** The server's processes move files from new to cur at any time. */
    private void change(String mailbox, String message, FileChange change) {
        for (int attempt = 1; ; attempt++) {
            Path file =
                    files(mailbox).stream()
                            .filter(each -> uniqueName(each).equals(message))
                            .findFirst()
                            .orElseThrow();
            try {
                change.make(file);
                return;
            } catch (NoSuchFileException moved) {
                if (attempt == 5) {
                    throw new UncheckedIOException(moved);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private interface FileChange {
        void make(Path file) throws IOException;
    }

    @Override
    public void remove(String mailbox, String message) {
        change(mailbox, message, Files::delete);
    }

    @Override
    public void flag(String mailbox, String message) {
        Path read = directory(mailbox).resolve("cur").resolve(message + ":2,S");
        change(mailbox, message, file -> Files.move(file, read));
    }

    @Override
    public void moveAwayAndBack(String mailbox, String message) {
        String other = mailbox.equals(INBOX) ? folder() : INBOX;
        Path away = directory(other).resolve("tmp").resolve(message);
        Path back = directory(mailbox).resolve("cur").resolve(nextName() + ":2,");
        change(mailbox, message, file -> Files.move(file, away));
        try {
            Files.move(away, back);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void recreate(String mailbox) {
        Path maildir = directory(mailbox);
        try {
            // Out of the server's sight first: it may be writing into it.
            Path old = maildir.resolveSibling("deleted." + delivered++);
            Files.move(maildir, old);
            make(maildir);
            try (Stream<Path> files = Files.walk(old)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Removes the server's index files. */
    final void deleteFiles(String mailbox, String prefix) {
        try (Stream<Path> children = Files.list(directory(mailbox))) {
            for (Path file : children.toList()) {
                if (file.getFileName().toString().startsWith(prefix)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
