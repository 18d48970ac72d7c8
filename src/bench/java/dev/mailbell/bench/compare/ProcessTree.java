package dev.mailbell.bench.compare;

import dev.mailbell.bench.daemon.BenchException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What a process and all that it started cost, as Linux counts it in {@code /proc}. */
final class ProcessTree {
    /** USER_HZ, which is 100 on every Linux that Java runs on. */
    private static final double TICKS = 100;

    /** Behind the name in brackets: utime, stime and those of ended children; see proc(5). */
    private static final int UTIME = 11;

    private static final int CSTIME = 14;

    private final ProcessHandle root;

    ProcessTree(ProcessHandle root) {
        this.root = root;
    }

    private List<ProcessHandle> all() {
        return Stream.concat(Stream.of(root), root.descendants()).toList();
    }

    /** CPU seconds of all, those included that have ended. */
    double cpuSeconds() {
        long ticks = 0;
        for (ProcessHandle process : all()) {
            String stat = read(process, "stat");
            String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
            for (int i = UTIME; i <= CSTIME && i < fields.length; i++) {
                ticks += Long.parseLong(fields[i]);
            }
        }
        return ticks / TICKS;
    }

    /** Resident memory of all, in MB (10^6 octets). */
    double megabytes() {
        long kilobytes = 0;
        for (ProcessHandle process : all()) {
            kilobytes +=
                    read(process, "status")
                            .lines()
                            .filter(line -> line.startsWith("VmRSS:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .sum();
        }
        return kilobytes * 1024 / 1e6;
    }

    /** Empty when the process has just ended. */
    private static String read(ProcessHandle process, String file) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process.pid()), file));
        } catch (IOException e) {
            if (!process.isAlive()) {
                return "";
            }
            throw new BenchException(
                    "cannot measure process " + process.pid() + ": " + e.getMessage(), e);
        }
    }
}
