package dev.mailbell.secret;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;

/** The file of a keyring: readable only by its owner, and always replaced atomically. */
final class KeysetFile {
    private static final long MAX_BYTES = 1 << 20;
    private static final Set<PosixFilePermission> OWNER_ONLY =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    private static final Set<PosixFilePermission> OTHERS =
            EnumSet.complementOf(
                    EnumSet.of(
                            PosixFilePermission.OWNER_READ,
                            PosixFilePermission.OWNER_WRITE,
                            PosixFilePermission.OWNER_EXECUTE));

    private final Path path;

    KeysetFile(Path path) {
        this.path = path.toAbsolutePath();
    }

    /** A change of the file. */
    @FunctionalInterface
    interface Change {
        void run() throws IOException;
    }

    boolean exists() {
        return Files.exists(path);
    }

    String read() {
        try {
            requirePrivate();
            if (Files.size(path) > MAX_BYTES) {
                throw new KeyringException(
                        "keyset " + path + " is larger than 1 MiB: not a keyset");
            }
            return Files.readString(path);
        } catch (NoSuchFileException e) {
            throw new KeyringException(
                    "there is no keyset at "
                            + path
                            + "; restore it from a backup, or set security.keyset",
                    e);
        } catch (IOException e) {
            throw new KeyringException("keyset " + path + " cannot be read: " + reason(e), e);
        }
    }

    private void requirePrivate() throws IOException {
        Set<PosixFilePermission> granted = EnumSet.noneOf(PosixFilePermission.class);
        granted.addAll(Files.getPosixFilePermissions(path));
        granted.retainAll(OTHERS);
        if (!granted.isEmpty()) {
            throw new KeyringException(
                    "keyset " + path + " is open to others than its owner; run: chmod 600 " + path);
        }
    }

    /** Creates the file; keeps a file that another process has created meanwhile. */
    void create(String content) {
        try {
            Path directory = directory();
            Files.createDirectories(
                    directory,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
            Path written = writeTemporary(content);
            try {
                // A link, not a rename: it fails when another process has created the file.
                Files.createLink(path, written);
            } catch (FileAlreadyExistsException e) {
                return;
            } finally {
                Files.delete(written);
            }
            sync(directory);
        } catch (IOException e) {
            throw new KeyringException("keyset " + path + " cannot be created: " + reason(e), e);
        }
    }

    /** Replaces the file's content atomically. */
    void replace(String content) throws IOException {
        Path written = writeTemporary(content);
        try {
            Files.move(written, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(written);
            throw e;
        }
        sync(directory());
    }

    /** Runs a change under a lock that excludes other processes. */
    void exclusively(Change change) {
        Path lockFile = path.resolveSibling(path.getFileName() + ".lock");
        try (FileChannel channel =
                        FileChannel.open(
                                lockFile,
                                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                                ownerOnly());
                FileLock lock = channel.lock()) {
            if (!lock.isValid()) {
                throw new IOException("no lock on " + lockFile);
            }
            change.run();
        } catch (IOException e) {
            throw new KeyringException("keyset " + path + " cannot be changed: " + reason(e), e);
        }
    }

    private Path writeTemporary(String content) throws IOException {
        Path temporary =
                directory().resolve("." + path.getFileName() + "." + UUID.randomUUID() + ".new");
        try (FileChannel channel =
                FileChannel.open(
                        temporary,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        ownerOnly())) {
            ByteBuffer bytes = ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
            return temporary;
        } catch (IOException e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
    }

    private static FileAttribute<Set<PosixFilePermission>> ownerOnly() {
        return PosixFilePermissions.asFileAttribute(OWNER_ONLY);
    }

    private static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private Path directory() {
        Path parent = path.getParent();
        return parent == null ? path.getRoot() : parent;
    }

    private static String reason(IOException e) {
        return e.getClass().getSimpleName() + " " + e.getMessage();
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
