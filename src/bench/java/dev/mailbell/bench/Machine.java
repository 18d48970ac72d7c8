package dev.mailbell.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.stream.Stream;

/** Describes the machine and the versions that were measured. */
final class Machine {
    private Machine() {}

    static String describe(String daemonOptions) {
        Runtime.Version java = Runtime.version();
        return "%d cores (%s), %d GiB, Linux %s, Java %s, PostgreSQL %s; %s"
                .formatted(
                        Runtime.getRuntime().availableProcessors(),
                        first("/proc/cpuinfo", "model name"),
                        Math.round(
                                Long.parseLong(
                                                first("/proc/meminfo", "MemTotal")
                                                        .replaceAll("\\D", ""))
                                        / 1024.0
                                        / 1024),
                        System.getProperty("os.version"),
                        java,
                        postgresql(),
                        daemonOptions.isBlank()
                                ? "the daemon with the options of bin/mailbell alone"
                                : "the daemon with " + daemonOptions.strip());
    }

    /** The version of the embedded PostgreSQL of this build. */
    private static String postgresql() {
        Properties properties = new Properties();
        try (InputStream file =
                Machine.class.getResourceAsStream("/dev/mailbell/embedded/postgresql.properties")) {
            if (file == null) {
                return "unknown";
            }
            properties.load(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version", "unknown");
    }

    /** Files and sockets that a process here may have open at once. */
    static long openFiles() {
        String[] words = first("/proc/self/limits", "Max open files").split("\\s+");
        String hard = words[words.length - 2];
        return hard.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(hard);
    }

    private static String first(String file, String key) {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(key))
                    .findFirst()
                    .map(line -> line.substring(key.length()).replaceFirst("^\\s*:?", "").strip())
                    .orElse("unknown");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
