package dev.mailbell.embedded;

import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.DatabaseException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Finds the embedded server that a daemon runs, for a command beside it. */
final class RunningServer {
    private RunningServer() {}

    /**
     * The address of Mailbell's database in the server that runs in a data directory; empty when
     * none does.
     *
     * @throws DatabaseException when the directory cannot be read
     */
    static Optional<DatabaseAddress> address(Path dataDir) {
        EmbeddedFiles files = new EmbeddedFiles(dataDir, true);
        try {
            if (!files.exists()) {
                return Optional.empty();
            }
            Path data = files.data().toRealPath();
            Optional<PostmasterFile> server =
                    PostmasterFile.read(data).filter(it -> it.ready() && it.isAlive(data));
            if (server.isEmpty()) {
                return Optional.empty();
            }
            return Optional.of(
                    EmbeddedPostgres.address(
                            server.get().port(), EmbeddedPostgres.DATABASE, files.password()));
        } catch (IOException e) {
            throw new DatabaseException(
                    "the data directory "
                            + dataDir
                            + " cannot be read: "
                            + e
                            + "; run the command as the user that runs the daemon",
                    e);
        }
    }
}
