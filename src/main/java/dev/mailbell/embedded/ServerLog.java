package dev.mailbell.embedded;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * PostgreSQL's own log. The server appends to it; above 8 MiB it is truncated in place, which needs
 * no log collector process as rotation would.
 */
record ServerLog(Path file) {
    private static final Logger log = LoggerFactory.getLogger(ServerLog.class);
    private static final long MAX_LENGTH = 8L << 20;
    private static final int MAX_TAIL = 2048;

    /** Truncates the log when it is longer than 8 MiB. */
    void limitLength() {
        // The server's user can write to the directory, so a link in it is not followed.
        try (SeekableByteChannel channel =
                Files.newByteChannel(
                        file, Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS))) {
            if (channel.size() > MAX_LENGTH) {
                channel.truncate(0);
                log.info("emptied {}, it had grown above {} MiB", file, MAX_LENGTH >> 20);
            }
        } catch (NoSuchFileException e) {
            log.debug("no log of PostgreSQL yet");
        } catch (IOException e) {
            log.warn("cannot truncate the log of PostgreSQL {}: {}", file, e.toString());
        }
    }

    long length() {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    /** The log after a position, its last 2 KiB at most; when it cannot be read, the reason. */
    String since(long start) {
        try (SeekableByteChannel channel =
                Files.newByteChannel(
                        file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            channel.position(Math.max(Math.min(start, channel.size()), channel.size() - MAX_TAIL));
            ByteBuffer bytes = ByteBuffer.allocate(MAX_TAIL);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                log.trace("reading on");
            }
            return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "(its log " + file + " cannot be read: " + e.getMessage() + ")";
        }
    }
}
