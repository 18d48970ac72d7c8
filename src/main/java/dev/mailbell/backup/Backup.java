package dev.mailbell.backup;

import dev.mailbell.database.Database;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.postgresql.PGConnection;

/**
 * Writes the rows of a database into one file: a ZIP archive with the output of {@code COPY} for
 * each table, and a manifest. All rows are of one moment, whatever daemons write meanwhile. The
 * secrets in it stay encrypted, and the keyset is not in it. The file appears under its name only
 * when it is complete and on the disk.
 */
public final class Backup {
    /**
     * Of the whole backup: its snapshot keeps vacuum from old rows, and days from being dropped.
     */
    private static final Duration LIMIT = Duration.ofHours(6);

    private static final int BUFFER = 1 << 16;

    private final Database database;
    private final String program;
    private final InstantSource clock;

    /**
     * @param program the version of this program
     */
    public Backup(Database database, String program, InstantSource clock) {
        this.database = database;
        this.program = program;
        this.clock = clock;
    }

    /**
     * Writes a backup.
     *
     * @param file does not exist yet
     * @throws BackupException when the file exists, or cannot be written
     */
    public Manifest write(Path file) {
        Path target = file.toAbsolutePath();
        if (Files.exists(target)) {
            throw exists(file);
        }
        Path partial =
                target.resolveSibling(
                        "." + target.getFileName() + "." + UUID.randomUUID() + ".part");
        try {
            Manifest manifest = writePartial(partial);
            appear(partial, target, Files::createLink);
            return manifest;
        } catch (FileAlreadyExistsException e) {
            throw exists(file);
        } catch (IOException e) {
            throw new BackupException("the backup cannot be written to " + file + ": " + e, e);
        } catch (SQLException e) {
            throw new BackupException(
                    "the database cannot be read: " + Database.reason(e) + "; no backup was made",
                    e);
        } finally {
            deleteQuietly(partial);
        }
    }

    private static BackupException exists(Path file) {
        return new BackupException(file + " exists: name a new file; a backup overwrites nothing");
    }

    private static void deleteQuietly(Path partial) {
        try {
            Files.deleteIfExists(partial);
        } catch (IOException e) {
            throw new BackupException(partial + " cannot be deleted: " + e, e);
        }
    }

    private Manifest writePartial(Path partial) throws IOException, SQLException {
        try (FileChannel channel =
                FileChannel.open(
                        partial,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")))) {
            ZipOutputStream zip =
                    new ZipOutputStream(
                            new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER));
            zip.setLevel(Deflater.BEST_SPEED);
            Manifest manifest = copy(zip);
            zip.finish();
            zip.flush();
            channel.force(true);
            return manifest;
        }
    }

    /** Gives a file a second name. */
    @FunctionalInterface
    interface Link {
        /**
         * @throws FileAlreadyExistsException when the name is taken
         * @throws FileSystemException when the file system has no hard links
         */
        void create(Path name, Path file) throws IOException;
    }

    /**
     * A link, not a rename: it fails when the name was taken meanwhile. FAT and some network file
     * systems have none; there a move looks for the name first.
     */
    static void appear(Path partial, Path target, Link link) throws IOException {
        try {
            link.create(target, partial);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (FileSystemException | UnsupportedOperationException e) {
            Files.move(partial, target);
        }
        Path directory = target.getParent();
        if (directory != null) {
            try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
                entries.force(true);
            }
        }
    }

    private Manifest copy(ZipOutputStream zip) throws IOException, SQLException {
        try (Connection connection = database.ownConnection(LIMIT)) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.execute("set transaction isolation level repeatable read, read only");
            }
            // The first query takes the snapshot that all others read.
            List<String> schema = Catalog.schema(connection);
            List<Manifest.Table> tables = new ArrayList<>();
            for (Map.Entry<String, List<String>> table : Catalog.tables(connection).entrySet()) {
                String name = table.getKey();
                List<String> columns = table.getValue();
                zip.putNextEntry(new ZipEntry(new Manifest.Table(name, columns, 0).entry()));
                long rows =
                        connection
                                .unwrap(PGConnection.class)
                                .getCopyAPI()
                                .copyOut(
                                        "copy (select %s from %s) to stdout"
                                                .formatted(
                                                        Catalog.list(columns),
                                                        Catalog.quoted(name)),
                                        zip);
                zip.closeEntry();
                tables.add(new Manifest.Table(name, columns, rows));
            }
            Manifest manifest =
                    new Manifest(
                            Manifest.FORMAT,
                            program,
                            schema,
                            clock.instant().truncatedTo(ChronoUnit.MILLIS),
                            Catalog.keys(connection),
                            Catalog.days(connection),
                            tables);
            zip.putNextEntry(new ZipEntry(Manifest.ENTRY));
            zip.write(manifest.json());
            zip.closeEntry();
            connection.rollback();
            return manifest;
        }
    }
}
