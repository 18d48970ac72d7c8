package dev.mailbell.cli.mail;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A place for the one message that is being read, which its owner alone can see. It is deleted when
 * the process ends, also by Ctrl-C or SIGTERM. For one thread.
 *
 * <p>Not {@link StandardOpenOption#DELETE_ON_CLOSE}: it takes the file's name away when the file is
 * opened, and the parser opens it by its name.
 */
final class Scratch implements AutoCloseable {
    private static final String NAME = "message.eml";

    private @Nullable Path directory;

    /** Where the message is, once it is written. */
    Path file() throws IOException {
        Path found = directory;
        if (found == null) {
            found = Files.createTempDirectory("mailbell-recv");
            directory = found;
            // In the reverse order of these calls, once for all messages.
            deleteOnExit(found);
            deleteOnExit(found.resolve(NAME));
        }
        return found.resolve(NAME);
    }

    private static void deleteOnExit(Path path) {
        File file = path.toFile();
        file.deleteOnExit();
    }

    /** Begins a message. */
    OutputStream create() throws IOException {
        return Channels.newOutputStream(
                Files.newByteChannel(
                        file(),
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------"))));
    }

    /** Forgets the message. */
    void clear() throws IOException {
        Files.deleteIfExists(file());
    }

    /** Removes the place as well. */
    @Override
    public void close() throws IOException {
        Path found = directory;
        if (found != null) {
            Files.deleteIfExists(found.resolve(NAME));
            Files.deleteIfExists(found);
            directory = null;
        }
    }
}
