package dev.mailbell.cli.api;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes sure that what listens at the address of this machine's daemon is that daemon, before a key
 * goes there in clear text. While the daemon is stopped, any user can listen at its port.
 */
final class LocalListener {
    private static final int ROOT = 0;
    private static final int HTTP = 80;

    private final ListeningSockets sockets;
    private final Set<Integer> trusted;

    /**
     * @param trusted the ids of the users whose sockets may get a key
     */
    LocalListener(ListeningSockets sockets, Set<Integer> trusted) {
        this.sockets = sockets;
        this.trusted = Set.copyOf(trusted);
    }

    /**
     * Trusts root, the owner of the data directory, and the user who runs this command, whose
     * processes can read what the command can.
     */
    static LocalListener of(Optional<Path> dataDir) {
        Set<Integer> trusted = new TreeSet<>();
        trusted.add(ROOT);
        dataDir.flatMap(LocalListener::owner).ifPresent(trusted::add);
        owner(Path.of("/proc/self")).ifPresent(trusted::add);
        return new LocalListener(new ListeningSockets(Path.of("/proc/net")), trusted);
    }

    private static Optional<Integer> owner(Path file) {
        try {
            return Files.getAttribute(file, "unix:uid") instanceof Integer user
                    ? Optional.of(user)
                    : Optional.empty();
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException none) {
            return Optional.empty();
        }
    }

    /**
     * TLS proves by itself who listens.
     *
     * @throws ApiFailure when the listener is another user's, or that cannot be known
     */
    void require(URI url) {
        if (!"http".equals(url.getScheme())) {
            return;
        }
        Set<Integer> users =
                users(url)
                        .orElseThrow(() ->
                                refused(
                                        url
                                                + " is the default, and this"
                                                + " system does not say whose process listens there"));
        if (users.isEmpty()) {
            throw new ApiFailure(
                    ExitCodes.UNREACHABLE,
                    url
                            + " cannot be reached (nothing listens there): does the daemon run? Start"
                            + " it with mailbell serve, or name another URL with --url or"
                            + " MAILBELL_URL");
        }
        for (int user : users) {
            if (!trusted.contains(user)) {
                throw refused(
                        "the process that listens at "
                                + url
                                + " is of user id "
                                + user
                                + ", who is neither root nor the owner of the daemon's data"
                                + " directory");
            }
        }
    }

    private Optional<Set<Integer>> users(URI url) {
        try {
            return sockets.users(
                    InetAddress.getByName(url.getHost()), url.getPort() < 0 ? HTTP : url.getPort());
        } catch (IOException noSuchHost) {
            return Optional.empty();
        }
    }

    private static ApiFailure refused(String why) {
        return ApiFailure.usage(
                why
                        + ": the key was not sent. If it is your daemon, name it with --url or"
                        + " MAILBELL_URL, and the key with --key-file or MAILBELL_KEY");
    }
}
