package dev.mailbell.mail.maildrop;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Saves attachments into one directory under safe names; it overwrites nothing. */
public final class AttachmentSaver {
    private static final int MAX_TRIES = 1_000;

    private final Path directory;

    /**
     * @param directory exists
     */
    public AttachmentSaver(Path directory) {
        this.directory = directory;
    }

    /**
     * Saves a part. Where the file exists, the name gets a number.
     *
     * @param given the name that the sender gave; empty for none
     * @param otherwise the name when the given one is not usable
     * @return the new file
     * @throws IOException when it cannot be written; nothing is left behind
     */
    Path save(String given, String otherwise, InputStream content) throws IOException {
        String name = FileNames.safe(given, otherwise);
        for (int attempt = 1; attempt <= MAX_TRIES; attempt++) {
            Path file = directory.resolve(attempt == 1 ? name : FileNames.numbered(name, attempt));
            if (!directory.normalize().equals(file.normalize().getParent())) {
                throw new IOException("the name leads out of the directory");
            }
            try (OutputStream out = create(file)) {
                copy(content, out, file);
                return file;
            } catch (FileAlreadyExistsException taken) {
                // The next number is tried.
            }
        }
        throw new IOException(
                "there are " + MAX_TRIES + " files named like " + name + " in " + directory);
    }

    /** A new file that its owner alone can read; CREATE_NEW follows no link either. */
    private static OutputStream create(Path file) throws IOException {
        return Channels.newOutputStream(
                Files.newByteChannel(
                        file,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------"))));
    }

    private static void copy(InputStream content, OutputStream out, Path file) throws IOException {
        try {
            content.transferTo(out);
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }
}
