package dev.mailbell.embedded;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The contents of {@code postmaster.pid}, which a running server writes (PostgreSQL's
 * src/include/utils/pidfile.h).
 *
 * @param pid the process id of the postmaster
 * @param port 0 while the server has not written it yet
 * @param ready whether the server accepts connections
 */
record PostmasterFile(long pid, int port, boolean ready) {
    private static final int PORT = 3;
    private static final int STATUS = 7;

    /** Reads the file of a data directory; empty when it does not exist or cannot be parsed. */
    static Optional<PostmasterFile> read(Path data) throws IOException {
        try {
            // Octets that a power cut left are no UTF-8.
            return parse(Files.readAllLines(file(data), StandardCharsets.ISO_8859_1));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    static Path file(Path data) {
        return data.resolve("postmaster.pid");
    }

    static Optional<PostmasterFile> parse(List<String> lines) {
        try {
            long pid = lines.isEmpty() ? 0 : Long.parseLong(lines.getFirst().strip());
            int port = lines.size() > PORT ? Integer.parseInt(lines.get(PORT).strip()) : 0;
            boolean ready = lines.size() > STATUS && lines.get(STATUS).strip().equals("ready");
            return pid > 0 ? Optional.of(new PostmasterFile(pid, port, ready)) : Optional.empty();
        } catch (NumberFormatException e) {
            // Damaged.
            return Optional.empty();
        }
    }

    /**
     * Whether the process is a postmaster of this data directory, by its command line, which is
     * readable even where root cannot inspect another user's processes, and which a zombie does not
     * have.
     */
    boolean isAlive(Path data) {
        return ProcessHandle.of(pid).filter(process -> isServer(process, data)).isPresent();
    }

    /** Whether any process of this machine is a postmaster of this data directory. */
    static boolean isAnyAlive(Path data) {
        return ProcessHandle.allProcesses().anyMatch(process -> isServer(process, data));
    }

    private static boolean isServer(ProcessHandle process, Path data) {
        if (!process.isAlive()) {
            return false;
        }
        Path proc = Path.of("/proc", Long.toString(process.pid()), "cmdline");
        try {
            List<String> words =
                    Files.exists(proc)
                            ? List.of(Files.readString(proc).split("\0"))
                            : List.of(process.info().commandLine().orElse("").split(" "));
            return !words.isEmpty()
                    && words.getFirst().endsWith("postgres")
                    && words.contains(data.toString());
        } catch (IOException e) {
            // The process ended between the two tests.
            return false;
        }
    }
}
