package dev.mailbell.embedded;

import dev.mailbell.database.DatabaseException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The lock that allows one daemon per data directory, across processes. The kernel releases it when
 * the process ends.
 */
final class DirectoryLock implements AutoCloseable {
    /**
     * Locks that this process holds. POSIX drops a file's locks when the process closes any
     * descriptor of it, so a second attempt within the process must not open the file.
     */
    private static final Set<Path> HELD = new HashSet<>();

    private final Path file;
    private final FileChannel channel;

    private DirectoryLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Takes the lock, or throws at once when it is held.
     *
     * @param directory as {@code toRealPath} gives it
     */
    static DirectoryLock take(Path directory) throws IOException {
        Path file = directory.resolve("mailbell.lock");
        synchronized (HELD) {
            if (!HELD.add(file)) {
                throw inUse(directory, Long.toString(ProcessHandle.current().pid()));
            }
            boolean held = false;
            try {
                DirectoryLock lock = lock(directory, file);
                held = true;
                return lock;
            } finally {
                if (!held) {
                    HELD.remove(file);
                }
            }
        }
    }

    private static DirectoryLock lock(Path directory, Path file) throws IOException {
        FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        boolean held = false;
        try {
            @Nullable FileLock lock = channel.tryLock();
            if (lock == null) {
                throw inUse(directory, Files.readString(file).strip());
            }
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(
                            Long.toString(ProcessHandle.current().pid())
                                    .getBytes(StandardCharsets.US_ASCII)));
            held = true;
            return new DirectoryLock(file, channel);
        } finally {
            if (!held) {
                channel.close();
            }
        }
    }

    private static DatabaseException inUse(Path directory, String pid) {
        return new DatabaseException(
                "the data directory "
                        + directory
                        + " is in use by another Mailbell"
                        + (pid.isEmpty() ? "" : ", process " + pid)
                        + ": stop that one, or give this one another dataDir");
    }

    @Override
    public void close() throws IOException {
        synchronized (HELD) {
            channel.close();
            HELD.remove(file);
        }
    }
}
