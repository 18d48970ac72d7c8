package dev.mailbell.cli.csv;

import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.terminal.FileFault;
import dev.mailbell.cli.terminal.Printable;
import dev.mailbell.cli.terminal.Terminal;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.SequenceWriter;
import tools.jackson.dataformat.csv.CsvMapper;
import tools.jackson.dataformat.csv.CsvSchema;

/**
 * What became of the rows: counts, the progress on a terminal, and the failures, all of them in a
 * CSV file where one is named, else the first ones on standard error.
 */
final class ImportReport implements AutoCloseable {
    private static final int SHOWN = 20;

    private final PrintWriter err;
    private final Terminal terminal;
    private final long rows;
    private final @Nullable SequenceWriter file;
    private long registered;
    private long updated;
    private long present;
    private long failed;
    private boolean showsProgress;

    /**
     * @param rows how many there are
     * @param path where the failures go; null for standard error
     */
    ImportReport(PrintWriter err, Terminal terminal, long rows, @Nullable Path path) {
        this.err = err;
        this.terminal = terminal;
        this.rows = rows;
        this.file = path == null ? null : open(path);
    }

    private static SequenceWriter open(Path path) {
        try {
            SequenceWriter writer =
                    new CsvMapper().writer(CsvSchema.emptySchema()).writeValues(create(path));
            writer.write(new String[] {"line", "ref", "address", "status", "code", "message"});
            return writer;
        } catch (FileAlreadyExistsException e) {
            throw new ApiFailure(
                    ExitCodes.USAGE, "--report " + path + " exists: name a new file", e);
        } catch (IOException e) {
            throw new ApiFailure(
                    ExitCodes.USAGE,
                    "--report " + path + " cannot be written: " + FileFault.of(e),
                    e);
        }
    }

    /** A new file that its owner alone can read: it has addresses. */
    private static Writer create(Path path) throws IOException {
        return new BufferedWriter(
                Channels.newWriter(
                        Files.newByteChannel(
                                path,
                                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                                PosixFilePermissions.asFileAttribute(
                                        PosixFilePermissions.fromString("rw-------"))),
                        StandardCharsets.UTF_8));
    }

    void registered() {
        registered++;
    }

    void updated() {
        updated++;
    }

    /** The account was there before, and stays as it is. */
    void present() {
        present++;
    }

    /**
     * @param status 0 for a fault of the row, which was not sent
     */
    void failed(CsvRow row, int status, String code, String message) {
        failed++;
        if (file != null) {
            file.write(
                    new String[] {
                        Integer.toString(row.line()),
                        row.ref(),
                        row.address(),
                        status == 0 ? "" : Integer.toString(status),
                        code,
                        message
                    });
            return;
        }
        if (failed <= SHOWN) {
            clearProgress();
            err.println(
                    Printable.of(
                            "line %d%s: %s%s"
                                    .formatted(
                                            row.line(),
                                            row.ref().isEmpty() ? "" : " (" + row.ref() + ")",
                                            status == 0 ? "" : status + " " + code + ": ",
                                            message)));
        } else if (failed == SHOWN + 1) {
            clearProgress();
            err.println("… more failures follow; --report FILE lists all of them");
        }
        err.flush();
    }

    /** Shows how far the import is, on a terminal alone. */
    void progress() {
        if (terminal.isTerminal()) {
            showsProgress = true;
            err.print("\r%,d of %,d rows ".formatted(done(), rows));
            err.flush();
        }
    }

    private void clearProgress() {
        if (showsProgress) {
            showsProgress = false;
            err.print("\r\u001b[K");
        }
    }

    private long done() {
        return registered + updated + present + failed;
    }

    boolean hasFailures() {
        return failed > 0;
    }

    /** Of an import that was broken off, too. */
    String summary() {
        long left = rows - done();
        return "%d registered, %d updated, %d already there, %d failed%s, of %d rows."
                .formatted(
                        registered,
                        updated,
                        present,
                        failed,
                        left == 0 ? "" : ", " + left + " not sent",
                        rows);
    }

    @Override
    public void close() {
        clearProgress();
        err.flush();
        if (file != null) {
            file.close();
        }
    }
}
