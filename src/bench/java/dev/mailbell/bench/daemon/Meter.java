package dev.mailbell.bench.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the daemon and its PostgreSQL cost, as Linux counts it in {@code /proc}. PostgreSQL's memory
 * is the proportional share (Pss) of all its processes, because they share most of it; what their
 * ended children used counts with their first process.
 */
public final class Meter {
    /** USER_HZ, which is 100 on every Linux that Java runs on. */
    private static final double TICKS = 100;

    /** Behind the name in brackets: state, ppid and so on; see proc(5). */
    private static final int UTIME = 11;

    private final ProcessHandle daemon;
    private final ProcessHandle postgresql;

    public Meter(DaemonProcess daemon) {
        this(daemon, daemon.sql());
    }

    /** Of one node of several, and of their PostgreSQL. */
    public Meter(DaemonProcess node, EmbeddedSql database) {
        this.daemon = node.handle();
        this.postgresql = database.process();
    }

    /** CPU seconds since the start of each: the daemon, its PostgreSQL, and ourselves. */
    public record Cpu(double daemon, double postgresql, double bench) {
        public Cpu minus(Cpu before) {
            return new Cpu(
                    daemon - before.daemon, postgresql - before.postgresql, bench - before.bench);
        }
    }

    public Cpu cpu() {
        double sum = seconds(postgresql, true);
        for (ProcessHandle child : postgresql.children().toList()) {
            sum += seconds(child, false);
        }
        return new Cpu(seconds(daemon, true), sum, seconds(ProcessHandle.current(), false));
    }

    private static double seconds(ProcessHandle process, boolean withEndedChildren) {
        String stat = read(process, "stat");
        if (stat.isEmpty()) {
            return 0;
        }
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        double ticks = 0;
        for (int i = UTIME; i < UTIME + (withEndedChildren ? 4 : 2); i++) {
            ticks += Long.parseLong(fields[i]);
        }
        return ticks / TICKS;
    }

    /** The daemon's resident memory in MB (10^6 octets). */
    public double daemonMegabytes() {
        return kilobytes(read(daemon, "status"), "VmRSS:") * 1024 / 1e6;
    }

    /** PostgreSQL's proportional memory in MB, all processes. */
    public double postgresqlMegabytes() {
        long sum = 0;
        List<ProcessHandle> all =
                Stream.concat(Stream.of(postgresql), postgresql.children()).toList();
        for (ProcessHandle process : all) {
            sum += kilobytes(read(process, "smaps_rollup"), "Pss:");
        }
        return sum * 1024 / 1e6;
    }

    /** The daemon's heap that is in use after a full collection, in MB. */
    public double daemonHeapMegabytes() {
        jcmd("GC.run");
        String info = jcmd("GC.heap_info");
        long kilobytes =
                info.lines()
                        .filter(line -> !line.contains("etaspace") && !line.contains("class space"))
                        .filter(line -> line.contains("heap") || line.contains("generation"))
                        .flatMap(line ->
                                java.util.regex.Pattern.compile("used (\\d+)K")
                                        .matcher(line)
                                        .results())
                        .mapToLong(match -> Long.parseLong(match.group(1)))
                        .sum();
        if (kilobytes == 0) {
            throw new BenchException("jcmd's GC.heap_info is not understood:\n" + info);
        }
        return kilobytes * 1024 / 1e6;
    }

    /** The daemon's threads of the operating system. */
    public int daemonThreads() {
        return (int) kilobytes(read(daemon, "status"), "Threads:");
    }

    /** The daemon's open files. */
    public int daemonFiles() {
        String[] files = Path.of("/proc", Long.toString(daemon.pid()), "fd").toFile().list();
        return files == null ? 0 : files.length;
    }

    private String jcmd(String command) {
        try {
            Process process =
                    new ProcessBuilder(
                                    Path.of(System.getProperty("java.home"), "bin", "jcmd")
                                            .toString(),
                                    Long.toString(daemon.pid()),
                                    command)
                            .redirectErrorStream(true)
                            .start();
            String said = new String(process.getInputStream().readAllBytes());
            if (process.waitFor() != 0) {
                throw new BenchException("jcmd " + command + " failed: " + said);
            }
            return said;
        } catch (IOException e) {
            throw new BenchException("jcmd cannot be run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchException("interrupted", e);
        }
    }

    /** Empty when the process has just ended. */
    private static String read(ProcessHandle process, String file) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process.pid()), file));
        } catch (NoSuchFileException gone) {
            return "";
        } catch (IOException e) {
            if (!process.isAlive()) {
                return "";
            }
            throw new BenchException(
                    "cannot measure process " + process.pid() + ": " + e.getMessage(), e);
        }
    }

    private static long kilobytes(String text, String key) {
        return text.lines()
                .filter(line -> line.startsWith(key))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(0);
    }
}
