package dev.mailbell.mail.servers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The packages of a server, unpacked by {@code bin/verify} into a folder of their own. */
public record UnpackedServer(Path tree) {
    private static final Path APT = Path.of("/usr/bin/apt-get");

    /**
     * Finds a server's folder. Without it the tests are skipped on a machine that has no Debian
     * packages, and fail on one that has.
     */
    public static UnpackedServer of(String name) {
        Path tree = folder().resolve(name);
        if (!Files.isDirectory(tree)) {
            Assumptions.assumeTrue(Files.exists(APT), name + " is unpacked from Debian packages");
            throw new IllegalStateException(
                    "these tests need the packages of "
                            + name
                            + " in "
                            + tree
                            + ": run bin/verify");
        }
        return new UnpackedServer(tree);
    }

    /** The same folder as in bin/lib/test-servers.sh. */
    private static Path folder() {
        if (MailOwner.IS_ROOT) {
            return Path.of("/var/cache/mailbell/test-servers");
        }
        String home = System.getenv("HOME");
        return Path.of(home == null ? System.getProperty("user.home") : home)
                .resolve(".cache/mailbell/test-servers");
    }

    public Path file(String name) {
        Path file = tree.resolve(name);
        if (!Files.exists(file)) {
            throw new IllegalStateException(file + " is missing: run bin/verify");
        }
        return file;
    }

    /** The folders of its libraries, in the form of LD_LIBRARY_PATH. */
    public String libraryPath() {
        List<Path> folders = new ArrayList<>();
        for (String parent : List.of("usr/lib", "lib")) {
            Path libraries = tree.resolve(parent);
            if (Files.isDirectory(libraries)) {
                folders.add(libraries);
                try (Stream<Path> children = Files.list(libraries)) {
                    // The machine's own, for example x86_64-linux-gnu.
                    children.filter(child -> child.toString().contains("-linux-"))
                            .forEach(folders::add);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        return folders.stream().map(Path::toString).collect(Collectors.joining(":"));
    }
}
