package dev.mailbell.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.tukaani.xz.XZInputStream;

/**
 * Unpacks a tar archive of files, directories and symbolic links. Other entries are refused, and so
 * are paths and links that lead out of the target directory. All users can read the files and run
 * the programs.
 */
final class Tar {
    private static final int MAX_NAME_LENGTH = 255;
    private static final int OWNER_EXECUTE = 0100;

    private Tar() {}

    /**
     * Unpacks an archive that is packed by xz. Only here, and in a class that is loaded when
     * something is unpacked: the library's jar is sealed, and a Java that starts from a cache with
     * one of its classes ends where the jar is in another folder than it was at the training.
     */
    static void unpackXz(InputStream packed, Path target) throws IOException {
        unpack(new XZInputStream(packed), target);
    }

    static void unpack(InputStream packed, Path target) throws IOException {
        TarArchiveInputStream archive = new TarArchiveInputStream(packed);
        for (TarArchiveEntry entry = archive.getNextEntry();
                entry != null;
                entry = archive.getNextEntry()) {
            Path path = inside(target, entry.getName());
            switch (kind(entry)) {
                case TarConstants.LF_NORMAL, TarConstants.LF_OLDNORM ->
                        file(archive, path, (entry.getMode() & OWNER_EXECUTE) != 0);
                case TarConstants.LF_SYMLINK -> link(target, path, entry.getLinkName());
                case TarConstants.LF_DIR -> directories(target, path);
                default ->
                        throw new IOException(
                                "unknown kind of tar entry '"
                                        + (char) entry.getLinkFlag()
                                        + "' at "
                                        + entry.getName());
            }
        }
    }

    private static byte kind(TarArchiveEntry entry) {
        return entry.isSparse() ? TarConstants.LF_GNUTYPE_SPARSE : entry.getLinkFlag();
    }

    /** Creates a file; an existing file or link is never written to. */
    private static void file(InputStream content, Path path, boolean program) throws IOException {
        try (OutputStream out =
                Files.newOutputStream(
                        path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            content.transferTo(out);
        }
        String mode = program ? "rwxr-xr-x" : "rw-r--r--";
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    private static void link(Path target, Path path, String to) throws IOException {
        if (!path.resolveSibling(to).normalize().startsWith(target)) {
            throw new IOException("the tar archive links out of itself: " + path.getFileName());
        }
        Files.createSymbolicLink(path, Path.of(to));
    }

    private static void directories(Path target, Path directory) throws IOException {
        Files.createDirectories(directory);
        for (Path d = directory; d.startsWith(target) && !d.equals(target); d = parent(d)) {
            Files.setPosixFilePermissions(d, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    private static Path inside(Path target, String name) throws IOException {
        if (name.length() > MAX_NAME_LENGTH) {
            throw new IOException("the tar archive has a name of " + name.length() + " characters");
        }
        Path path = target.resolve(name).normalize();
        if (!path.startsWith(target)) {
            throw new IOException("the tar archive leads out of itself: " + name);
        }
        if (!Files.isDirectory(parent(path))) {
            directories(target, parent(path));
        }
        // A link from an earlier entry may lead elsewhere than its path suggests.
        if (!path.equals(target) && !parent(path).toRealPath().startsWith(target.toRealPath())) {
            throw new IOException("the tar archive leads out of itself by a link: " + name);
        }
        return path;
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        return parent == null ? path : parent;
    }
}
