package dev.mailbell.database;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Unpacks a tar archive of files, directories and symbolic links with names of up to 255 bytes
 * (POSIX.1-1988 "ustar"); anything else in it is refused. Everything unpacked can be read, and
 * programs run, by every user.
 */
final class Tar {
    private static final int BLOCK = 512;

    private Tar() {}

    static void unpack(InputStream archive, Path target) throws IOException {
        byte[] header = new byte[BLOCK];
        while (archive.readNBytes(header, 0, BLOCK) == BLOCK && header[0] != 0) {
            String prefix = text(header, 345, 155);
            String name = text(header, 0, 100);
            Path path = inside(target, prefix.isEmpty() ? name : prefix + "/" + name);
            long size = octal(header, 124, 12);
            switch (header[156]) {
                case '0', 0 -> file(archive, path, size, (octal(header, 100, 8) & 0100) != 0);
                case '2' -> link(target, path, text(header, 157, 100));
                case '5' -> directories(target, path);
                default ->
                        throw new IOException(
                                "unknown kind of tar entry '"
                                        + (char) header[156]
                                        + "' at "
                                        + name);
            }
        }
    }

    private static void file(InputStream archive, Path path, long size, boolean program)
            throws IOException {
        try (OutputStream out = Files.newOutputStream(path)) {
            byte[] buffer = new byte[16 * 1024];
            for (long left = size; left > 0; ) {
                int n = archive.readNBytes(buffer, 0, (int) Math.min(left, buffer.length));
                if (n == 0) {
                    throw new IOException("the tar archive ends within " + path.getFileName());
                }
                out.write(buffer, 0, n);
                left -= n;
            }
        }
        archive.skipNBytes((BLOCK - size % BLOCK) % BLOCK);
        String mode = program ? "rwxr-xr-x" : "rw-r--r--";
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    private static void link(Path target, Path path, String to) throws IOException {
        Path parent = path.resolveSibling(to).normalize();
        if (!parent.startsWith(target)) {
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
        Path path = target.resolve(name).normalize();
        if (!path.startsWith(target)) {
            throw new IOException("the tar archive leads out of itself: " + name);
        }
        if (!Files.isDirectory(parent(path))) {
            directories(target, parent(path));
        }
        return path;
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        return parent == null ? path : parent;
    }

    private static String text(byte[] header, int offset, int length) {
        int end = offset;
        while (end < offset + length && header[end] != 0) {
            end++;
        }
        return new String(header, offset, end - offset, StandardCharsets.UTF_8);
    }

    private static long octal(byte[] header, int offset, int length) throws IOException {
        String digits = text(header, offset, length).strip();
        try {
            return digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
        } catch (NumberFormatException e) {
            throw new IOException("the tar archive has a number that is none: " + digits, e);
        }
    }
}
