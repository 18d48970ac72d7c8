package dev.mailbell.embedded;

import dev.mailbell.database.DatabaseException;
import dev.mailbell.database.ErrorHints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of the embedded server in Mailbell's data directory: {@code database/} (PostgreSQL's
 * data directory), its password and its port. They appear whole or not at all.
 */
final class EmbeddedFiles {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedFiles.class);
    private static final Duration INITDB_TIMEOUT = Duration.ofMinutes(2);
    private static final int PASSWORD_BYTES = 24;

    private final Path directory;
    private final boolean durable;

    /**
     * @param durable whether initdb forces the files to disk; false in tests only
     */
    EmbeddedFiles(Path directory, boolean durable) {
        this.directory = directory;
        this.durable = durable;
    }

    /**
     * Throws when the path has characters that pg_ctl does not quote in the shell command that it
     * builds.
     */
    static Path requirePlainLetters(Path directory) {
        if (directory.toString().matches("(?s).*[\"$`\\\\\\n].*")) {
            throw new DatabaseException(
                    "the data directory "
                            + directory
                            + " has a quote, a dollar sign, a backslash or a line break in its name:"
                            + " PostgreSQL's own starter cannot cope with it, set another dataDir");
        }
        return directory;
    }

    Path directory() {
        return directory;
    }

    /** PostgreSQL's data directory. */
    Path data() {
        return directory.resolve("database");
    }

    ServerLog log() {
        return new ServerLog(data().resolve("server.log"));
    }

    boolean exists() {
        return Files.exists(data(), LinkOption.NOFOLLOW_LINKS);
    }

    /** The uid of the owner of PostgreSQL's data directory; empty when it does not exist. */
    Optional<Integer> owner() throws IOException {
        return exists() ? Optional.of(ServerUser.uidOf(data())) : Optional.empty();
    }

    /** Throws when the files are of another major version, which PostgreSQL cannot read. */
    void checkVersion() throws IOException {
        if (!exists()) {
            return;
        }
        Path file = data().resolve("PG_VERSION");
        if (!Files.isReadable(file)) {
            throw new DatabaseException(
                    data()
                            + " is there, but is no database of PostgreSQL that we can read (no PG_VERSION): run"
                            + " Mailbell as the user that made it, or move the directory away to begin anew");
        }
        String version = Files.readString(file).strip();
        if (!version.equals(Integer.toString(PostgresPrograms.MAJOR))) {
            throw new DatabaseException(
                    "the database in "
                            + data()
                            + " was made by PostgreSQL "
                            + version
                            + ", this Mailbell brings PostgreSQL "
                            + PostgresPrograms.MAJOR
                            + ": run the earlier Mailbell, dump it with pg_dump "
                            + version
                            + ", move "
                            + data()
                            + " away and restore the dump into the new one; or set"
                            + " database.url to a server with PostgreSQL "
                            + version);
        }
    }

    /** The password of the server; generated at the first start. */
    String password() throws IOException {
        Path file = directory.resolve("database.password");
        if (!Files.exists(file)) {
            if (exists()) {
                throw new DatabaseException(
                        file
                                + " is missing, the password of the database in "
                                + data()
                                + ": restore it from a backup, or move both away to begin anew");
            }
            byte[] random = new byte[PASSWORD_BYTES];
            new SecureRandom().nextBytes(random);
            String generated = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
            DirectoryTrees.write(directory, file, generated + "\n", "rw-------");
        }
        return Files.readString(file).strip();
    }

    /** The port of the last start; 0 before the first. */
    int lastPort() throws IOException {
        Path file = directory.resolve("database.port");
        String text = Files.exists(file) ? Files.readString(file).strip() : "";
        return text.matches("[1-9][0-9]{3,4}") && Integer.parseInt(text) <= 65535
                ? Integer.parseInt(text)
                : 0;
    }

    void rememberPort(int port) throws IOException {
        if (lastPort() != port) {
            DirectoryTrees.write(
                    directory, directory.resolve("database.port"), port + "\n", "rw-r--r--");
        }
    }

    /**
     * Creates PostgreSQL's data directory under a temporary name and renames it when it is
     * complete.
     */
    void create(PostgresPrograms programs, ServerUser user, String password) throws IOException {
        DirectoryTrees.deleteLeftovers(directory, "database.new-*");
        log.info("creating the database in {}", data());
        Path staging =
                Files.createTempDirectory(
                        directory,
                        "database.new-",
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
        Path secret = staging.resolve("password");
        DirectoryTrees.write(staging, secret, password + "\n", "rw-------");
        user.own(secret);
        user.own(staging);
        ProcessRunner.Outcome outcome = initialise(programs, user, staging, secret);
        if (!outcome.succeeded()) {
            DirectoryTrees.delete(staging);
            throw new DatabaseException(
                    "cannot create the database in "
                            + data()
                            + ": "
                            + ErrorHints.of(outcome.output()));
        }
        Files.move(staging.resolve("data"), data(), StandardCopyOption.ATOMIC_MOVE);
        DirectoryTrees.delete(staging);
    }

    /**
     * Runs initdb. It refuses a uid without an entry in /etc/passwd, which containers often use;
     * then it runs again in a user namespace under another uid, and the files keep their owner.
     */
    private ProcessRunner.Outcome initialise(
            PostgresPrograms programs, ServerUser user, Path staging, Path secret)
            throws IOException {
        List<String> initdb = initdb(programs, staging, secret);
        ProcessRunner.Outcome plain = ProcessRunner.run(user.with(initdb), INITDB_TIMEOUT);
        if (plain.succeeded() || !plain.output().contains(ErrorHints.NO_SUCH_USER)) {
            return plain;
        }
        log.info("This user has no entry in /etc/passwd: initdb runs in a user namespace");
        List<String> contained = new ArrayList<>(List.of("unshare", "--user"));
        contained.addAll(initdb);
        try {
            ProcessRunner.Outcome outcome = ProcessRunner.run(user.with(contained), INITDB_TIMEOUT);
            return outcome.succeeded()
                    ? outcome
                    : new ProcessRunner.Outcome(
                            outcome.exit(), plain.output() + "; " + outcome.output());
        } catch (IOException noUnshare) {
            return new ProcessRunner.Outcome(
                    plain.exit(), plain.output() + "; " + noUnshare.getMessage());
        }
    }

    private List<String> initdb(PostgresPrograms programs, Path staging, Path secret) {
        return List.of(
                programs.program("initdb"),
                "--pgdata=" + staging.resolve("data"),
                "--username=" + ServerRoles.SUPERUSER,
                "--pwfile=" + secret,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                // Sorts by code point in every release, so that an update of the system's C library
                // breaks no index.
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--data-checksums",
                durable ? "--sync-method=fsync" : "--no-sync");
    }
}
