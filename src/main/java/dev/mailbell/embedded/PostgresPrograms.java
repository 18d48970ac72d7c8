package dev.mailbell.embedded;

import dev.mailbell.database.DatabaseException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * PostgreSQL's programs, unpacked from the class path.
 *
 * @param home holds {@code bin}, {@code lib} and {@code share}
 */
public record PostgresPrograms(Path home) {
    private static final Logger log = LoggerFactory.getLogger(PostgresPrograms.class);

    /** The version of the archive on the class path, such as 18.6.0. */
    public static final String VERSION = version();

    /** The major version, to which a data directory is bound. */
    static final int MAJOR = Integer.parseInt(VERSION.substring(0, VERSION.indexOf('.')));

    String program(String name) {
        return home.resolve("bin").resolve(name).toString();
    }

    /** Unpacks the programs below a directory unless they exist there. */
    public static PostgresPrograms unpackedIn(Path directory) {
        Path home = directory.resolve("postgresql-" + VERSION);
        try {
            if (!Files.isDirectory(home)) {
                DirectoryTrees.deleteLeftovers(directory, "postgresql-" + VERSION + "*");
                log.info("unpacking PostgreSQL {} into {}", VERSION, home);
                unpack(directory, home);
            }
            return new PostgresPrograms(home);
        } catch (IOException e) {
            throw new DatabaseException(
                    "cannot unpack PostgreSQL into "
                            + home
                            + ": "
                            + e
                            + "; make the directory writable and have 400 MB free, or set database.url",
                    e);
        }
    }

    private static void unpack(Path directory, Path home) throws IOException {
        Path staging = Files.createTempDirectory(directory, "postgresql-" + VERSION + ".new-");
        try {
            unpackInto(staging);
            Files.move(staging, home, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            // On a full disk, incomplete files would take the space that the next try needs.
            DirectoryTrees.delete(staging);
        }
    }

    private static void unpackInto(Path staging) throws IOException {
        Files.setPosixFilePermissions(staging, PosixFilePermissions.fromString("rwxr-xr-x"));
        String archive =
                archive(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
        try (InputStream packed = PostgresPrograms.class.getResourceAsStream("/" + archive)) {
            if (packed == null) {
                throw new DatabaseException(
                        "this build brings no PostgreSQL for this machine ("
                                + archive
                                + "): set database.url to a server of your own");
            }
            Tar.unpackXz(packed, staging);
        }
        DirectoryTrees.force(staging);
    }

    static String archive(String system, String machine) {
        String os = system.toLowerCase(Locale.ROOT).startsWith("mac") ? "darwin" : "linux";
        String arch =
                switch (machine) {
                    case "amd64", "x86_64" -> "x86_64";
                    case "aarch64" -> "arm_64";
                    default -> machine;
                };
        return "postgres-" + os + "-" + arch + ".txz";
    }

    private static String version() {
        Properties properties = new Properties();
        try (@Nullable InputStream in =
                PostgresPrograms.class.getResourceAsStream("postgresql.properties")) {
            if (in == null) {
                throw new IllegalStateException("postgresql.properties is missing from the build");
            }
            properties.load(in);
        } catch (IOException e) {
            throw new IllegalStateException("postgresql.properties cannot be read", e);
        }
        return properties.getProperty("version");
    }
}
