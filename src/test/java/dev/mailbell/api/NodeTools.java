package dev.mailbell.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The npm packages of {@code src/test/clients/node}, installed as the lock file says under {@code
 * target}; again only after the lock file changed.
 */
final class NodeTools {
    private static final Path SOURCES = Path.of("src/test/clients/node").toAbsolutePath();
    private static final Path HOME = Path.of("target/clients/node").toAbsolutePath();
    private static final String INSTALLED = "node_modules/.installed-lock.json";
    private static final String CONTRACT = "openapi.yaml";

    private NodeTools() {}

    /**
     * The directory with the packages, the sources and the contract. One test JVM at a time
     * installs them.
     */
    static synchronized Path home() throws IOException, InterruptedException {
        Files.createDirectories(HOME);
        try (FileChannel channel =
                        FileChannel.open(
                                HOME.resolve(".lock"),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE);
                FileLock _ = channel.lock()) {
            install();
        }
        return HOME;
    }

    private static void install() throws IOException, InterruptedException {
        List<Path> sources;
        try (Stream<Path> files = Files.list(SOURCES)) {
            sources = files.filter(Files::isRegularFile).toList();
        }
        for (Path source : sources) {
            copy(source, HOME.resolve(source.getFileName()));
        }
        copy(Path.of("src/main/resources", CONTRACT), HOME.resolve(CONTRACT));
        Path lock = HOME.resolve("package-lock.json");
        Path installed = HOME.resolve(INSTALLED);
        if (!Files.exists(installed) || Files.mismatch(lock, installed) >= 0) {
            Program.run(
                    HOME,
                    List.of(
                            "npm",
                            "ci",
                            "--ignore-scripts",
                            "--no-audit",
                            "--no-fund",
                            "--prefer-offline"));
            copy(lock, installed);
        }
    }

    /** A file that is the same already stays: another test JVM may be reading it. */
    private static void copy(Path from, Path to) throws IOException {
        if (!Files.exists(to) || Files.mismatch(from, to) >= 0) {
            Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Runs a program of one of the packages. */
    static String run(String program, String... arguments)
            throws IOException, InterruptedException {
        Path home = home();
        Path executable = home.resolve("node_modules/.bin").resolve(program);
        assertThat(executable).exists();
        List<String> command = new ArrayList<>(List.of("node", executable.toString()));
        command.addAll(List.of(arguments));
        return Program.run(home, command);
    }
}
