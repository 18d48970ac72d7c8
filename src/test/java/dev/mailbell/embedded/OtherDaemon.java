package dev.mailbell.embedded;

import dev.mailbell.database.TestDatabase;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A process that runs an embedded server, as a daemon does, until it is killed. */
final class OtherDaemon implements AutoCloseable {
    private final Process process;

    private OtherDaemon(Process process) {
        this.process = process;
    }

    /** Starts it as the current user; returns when its server accepts connections. */
    static OtherDaemon start(Path dataDir) {
        return start(
                List.of(), System.getProperty("java.class.path"), dataDir, TestDatabase.programs());
    }

    /**
     * Starts it as another user. That user may not be able to read our class path, so it is copied.
     */
    static OtherDaemon startAs(int uid, Path copies, Path dataDir) throws Exception {
        List<String> drop =
                List.of("setpriv", "--reuid=" + uid, "--regid=" + uid, "--clear-groups");
        return start(drop, copyClassPath(copies), dataDir, dataDir);
    }

    private static OtherDaemon start(
            List<String> prefix, String classPath, Path dataDir, Path programs) {
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", classPath));
        command.addAll(
                List.of(OtherDaemon.class.getName(), dataDir.toString(), programs.toString()));
        try {
            Process process =
                    new ProcessBuilder(command)
                            .directory(Path.of("/").toFile())
                            .redirectErrorStream(true)
                            .start();
            OtherDaemon daemon = new OtherDaemon(process);
            BufferedReader output =
                    new BufferedReader(
                            new InputStreamReader(
                                    process.getInputStream(), StandardCharsets.UTF_8));
            StringBuilder said = new StringBuilder();
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.equals("serving")) {
                    return daemon;
                }
                said.append(line).append('\n');
            }
            throw new AssertionError("the other daemon ended: " + said);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String copyClassPath(Path copies)
            throws IOException, URISyntaxException, ClassNotFoundException {
        List<String> places = new ArrayList<>();
        for (String needed :
                List.of(
                        OtherDaemon.class.getName(),
                        EmbeddedPostgres.class.getName(),
                        "org.slf4j.Logger",
                        "org.postgresql.Driver",
                        "com.zaxxer.hikari.HikariConfig",
                        "org.tukaani.xz.XZInputStream",
                        "org.apache.commons.compress.archivers.tar.TarArchiveInputStream",
                        "org.apache.commons.io.IOUtils",
                        "org.apache.commons.lang3.StringUtils",
                        "org.apache.commons.codec.Charsets")) {
            places.add(
                    copy(
                            Class.forName(needed)
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toURI(),
                            copies));
        }
        String archive =
                PostgresPrograms.archive(
                        System.getProperty("os.name"), System.getProperty("os.arch"));
        URL entry = Objects.requireNonNull(OtherDaemon.class.getResource("/" + archive));
        String jar = entry.getPath().substring(0, entry.getPath().indexOf("!"));
        places.add(copy(URI.create(jar), copies));
        return places.stream().distinct().collect(Collectors.joining(":"));
    }

    private static String copy(URI place, Path copies) throws IOException {
        Path from = Path.of(place);
        Path root = copies.resolve(Integer.toHexString(from.hashCode()));
        try (Stream<Path> tree = Files.walk(from)) {
            for (Path path : (Iterable<Path>) tree::iterator) {
                Path to = root.resolve(from.relativize(path).toString());
                if (Files.isDirectory(path)) {
                    Files.createDirectories(to);
                } else {
                    Files.copy(path, to, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
        return root.toString();
    }

    long pid() {
        return process.pid();
    }

    /** As {@code kill -9} does. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        if (!process.waitFor(180, TimeUnit.SECONDS)) {
            throw new AssertionError("process " + process.pid() + " survives SIGKILL");
        }
    }

    /** Ends it and lets it stop its server. */
    @Override
    public void close() throws IOException, InterruptedException {
        process.getOutputStream().close();
        if (!process.waitFor(180, TimeUnit.SECONDS)) {
            kill();
            throw new AssertionError("the other daemon does not end");
        }
    }

    /** The other process. */
    public static void main(String[] arguments) throws IOException {
        ServerSettings settings = ServerSettings.of(10, Map.of("fsync", "off"));
        try (EmbeddedPostgres server =
                EmbeddedPostgres.start(
                        Path.of(arguments[0]), Path.of(arguments[1]), settings, false)) {
            System.out.println("serving");
            System.out.flush();
            long ignored = System.in.transferTo(java.io.OutputStream.nullOutputStream());
            System.out.println(server.address() + " stops after " + ignored + " bytes");
        }
    }
}
