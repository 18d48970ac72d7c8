package dev.mailbell.embedded;

import dev.mailbell.database.DatabaseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The user as which PostgreSQL runs; it refuses to run as root.
 *
 * <p>When Mailbell does not run as root, PostgreSQL runs as the same user. As root, Mailbell drops
 * to another user with {@code setpriv}: {@code mailbell} if it exists, otherwise {@code nobody}; a
 * compromised server can then access only its own files. If that user cannot reach the data
 * directory (a checkout under /root), the server runs in a user namespace of its own ({@code
 * unshare --user}): it has access to root's files but none of root's privileges. A container often
 * forbids namespaces, and a closed directory forbids {@code setpriv}; so each way is tried. Once a
 * data directory exists, its owner determines the user.
 *
 * @param prefix the words before every command
 * @param owner the uid of the server's files
 */
record ServerUser(List<String> prefix, int owner) {
    private static final Logger log = LoggerFactory.getLogger(ServerUser.class);
    private static final int ROOT = 0;
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    /**
     * Finds a user that can run the programs and reach the directory.
     *
     * @param self the uid of this process
     * @param owner the owner of existing files of the server
     */
    static ServerUser find(
            int self, Optional<Integer> owner, PostgresPrograms programs, Path directory) {
        if (self != ROOT) {
            if (owner.isPresent() && owner.get() != self) {
                throw new DatabaseException(
                        "the database under "
                                + directory
                                + " belongs to uid "
                                + owner.get()
                                + ", Mailbell runs as uid "
                                + self
                                + ": run it as that user or as root, or change the owner of the files");
            }
            ServerUser user = new ServerUser(List.of(), self);
            user.refusal(programs, directory)
                    .ifPresent(why -> {
                        throw new DatabaseException(
                                "PostgreSQL does not run on this machine, set database.url: "
                                        + why);
                    });
            return user;
        }
        List<String> refusals = new ArrayList<>();
        for (ServerUser user : candidates(owner, directory)) {
            Optional<String> refusal = user.refusal(programs, directory);
            if (refusal.isEmpty()) {
                log.debug(
                        "PostgreSQL runs through {} with files of uid {}", user.prefix, user.owner);
                return user;
            }
            refusals.add(String.join(" ", user.prefix) + ": " + refusal.get());
        }
        throw new DatabaseException(
                "PostgreSQL does not run as root, and no other user could be taken for it: run Mailbell as an"
                        + " ordinary user, or set database.url. Tried: "
                        + String.join("; ", refusals));
    }

    private static List<ServerUser> candidates(Optional<Integer> owner, Path directory) {
        ServerUser namespaced = new ServerUser(List.of("unshare", "--user"), ROOT);
        if (owner.isPresent()) {
            return List.of(owner.get() == ROOT ? namespaced : dropped(owner.get()));
        }
        List<ServerUser> candidates = new ArrayList<>();
        for (String name : List.of("mailbell", "nobody")) {
            uid(name, directory).ifPresent(uid -> candidates.add(dropped(uid)));
        }
        candidates.add(namespaced);
        return candidates;
    }

    private static ServerUser dropped(int uid) {
        return new ServerUser(
                List.of("setpriv", "--reuid=" + uid, "--regid=" + uid, "--clear-groups"), uid);
    }

    /** Tries to enter the directory and start a program; the error message when that fails. */
    private Optional<String> refusal(PostgresPrograms programs, Path directory) {
        try {
            ProcessRunner.Outcome outcome =
                    ProcessRunner.run(
                            with(
                                    "/bin/sh",
                                    "-c",
                                    "cd \"$1\" && exec \"$0\" --version",
                                    programs.program("postgres"),
                                    directory.toString()),
                            TIMEOUT);
            return outcome.succeeded() ? Optional.empty() : Optional.of(outcome.output());
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** The command that runs another one as this user. */
    List<String> with(String... command) {
        return with(List.of(command));
    }

    List<String> with(List<String> command) {
        List<String> all = new ArrayList<>(prefix);
        all.addAll(command);
        return all;
    }

    /** Changes the owner of a file or an empty directory to this user. */
    void own(Path path) throws IOException {
        if (uidOf(path) != owner) {
            Files.setAttribute(path, "unix:uid", owner);
        }
    }

    static int uidOf(Path path) throws IOException {
        return (Integer) Files.getAttribute(path, "unix:uid");
    }

    /** The uid of a user name, found by changing the owner of a file, which only root can do. */
    private static Optional<Integer> uid(String name, Path directory) {
        try {
            Path file = Files.createTempFile(directory, "owner", ".new");
            try {
                UserPrincipal user =
                        file.getFileSystem()
                                .getUserPrincipalLookupService()
                                .lookupPrincipalByName(name);
                Files.setOwner(file, user);
                return Optional.of(uidOf(file));
            } finally {
                Files.delete(file);
            }
        } catch (UserPrincipalNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            log.debug("cannot give files to {}: {}", name, e.toString());
            return Optional.empty();
        }
    }
}
