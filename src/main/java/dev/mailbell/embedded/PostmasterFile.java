package dev.mailbell.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a running server says of itself in {@code postmaster.pid} (PostgreSQL's
 * src/include/utils/pidfile.h).
 *
 * @param pid the postmaster
 * @param port 0 while it is not known yet
 * @param ready whether it takes connections
 */
public record PostmasterFile(long pid, int port, boolean ready) {
    private static final int PORT = 3;
    private static final int STATUS = 7;

    /** Reads the file of a data directory; empty where there is none, or nothing sensible in it. */
    static Optional<PostmasterFile> read(Path data) throws IOException {
        try {
            return parse(Files.readAllLines(file(data)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    public static Path file(Path data) {
        return data.resolve("postmaster.pid");
    }

    static Optional<PostmasterFile> parse(List<String> lines) {
        try {
            long pid = lines.isEmpty() ? 0 : Long.parseLong(lines.getFirst().strip());
            int port = lines.size() > PORT ? Integer.parseInt(lines.get(PORT).strip()) : 0;
            boolean ready = lines.size() > STATUS && lines.get(STATUS).strip().equals("ready");
            return pid > 0 ? Optional.of(new PostmasterFile(pid, port, ready)) : Optional.empty();
        } catch (NumberFormatException e) {
            // Caught in the middle of a write, or damaged: PostgreSQL itself decides what to do.
            return Optional.empty();
        }
    }

    /**
     * Whether the process is a postmaster of this data directory, by its command line: that can be
     * read even where root may not look at another user's processes, and a zombie has none.
     */
    boolean isAlive(Path data) {
        Optional<ProcessHandle> process = ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
        if (process.isEmpty()) {
            return false;
        }
        Path proc = Path.of("/proc", Long.toString(pid), "cmdline");
        try {
            List<String> words =
                    Files.exists(proc)
                            ? List.of(Files.readString(proc).split("\0"))
                            : List.of(process.get().info().commandLine().orElse("").split(" "));
            return words.getFirst().endsWith("postgres") && words.contains(data.toString());
        } catch (IOException e) {
            // It ended between the two looks.
            return false;
        }
    }
}
