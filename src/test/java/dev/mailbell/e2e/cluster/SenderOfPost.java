package dev.mailbell.e2e.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the process at the other end of a connection on loopback, as Linux knows it. */
final class SenderOfPost {
    private static final int LOCAL = 1;
    private static final int INODE = 9;

    private SenderOfPost() {}

    /** Whether a process has the socket with that local port. */
    static boolean isOf(long pid, int port) {
        Optional<String> inode = inode(pid, port);
        if (inode.isEmpty()) {
            return false;
        }
        String link = "socket:[" + inode.get() + "]";
        try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
            return files.anyMatch(file -> isLinkTo(file, link));
        } catch (IOException ended) {
            // The process is gone.
            return false;
        }
    }

    private static boolean isLinkTo(Path file, String link) {
        try {
            return Files.readSymbolicLink(file).toString().equals(link);
        } catch (IOException closed) {
            // The process closed it meanwhile.
            return false;
        }
    }

    private static Optional<String> inode(long pid, int port) {
        String end = String.format(Locale.ROOT, ":%04X", port);
        for (String table : List.of("tcp6", "tcp")) {
            try (Stream<String> lines =
                    Files.lines(Path.of("/proc", Long.toString(pid), "net", table))) {
                Optional<String> found =
                        lines.map(line -> line.strip().split("\\s+"))
                                .filter(fields -> fields[LOCAL].endsWith(end))
                                .map(fields -> fields[INODE])
                                .findFirst();
                if (found.isPresent()) {
                    return found;
                }
            } catch (IOException ended) {
                // The process is gone.
                return Optional.empty();
            }
        }
        return Optional.empty();
    }
}
