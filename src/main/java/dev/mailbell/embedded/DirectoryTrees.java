package dev.mailbell.embedded;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes directory trees, and writes files and trees so that they appear whole or not at all. */
final class DirectoryTrees {
    private static final Logger log = LoggerFactory.getLogger(DirectoryTrees.class);
    private static final Duration FLUSH_TIMEOUT = Duration.ofMinutes(1);

    private DirectoryTrees() {}

    /** Deletes a tree if it exists; links are deleted, not followed. */
    static void delete(Path tree) throws IOException {
        if (!Files.isDirectory(tree, LinkOption.NOFOLLOW_LINKS)) {
            Files.deleteIfExists(tree);
            return;
        }
        Files.walkFileTree(
                tree,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(
                            Path directory, @Nullable IOException failure) throws IOException {
                        if (failure != null) {
                            throw failure;
                        }
                        Files.delete(directory);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    /** Deletes what interrupted starts left in a directory: the children that match the pattern. */
    static void deleteLeftovers(Path directory, String glob) throws IOException {
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(directory, glob)) {
            for (Path leftover : leftovers) {
                try {
                    delete(leftover);
                } catch (IOException e) {
                    // The initdb of a killed daemon may still be writing; the next start deletes
                    // it.
                    log.warn("cannot delete the leftover {}: {}", leftover, e.toString());
                }
            }
        }
    }

    /**
     * Forces every file of a tree to disk, so that after a rename and a crash no file is
     * incomplete. One flush of the file system is several times faster than one for each of a
     * thousand files.
     */
    static void force(Path tree) throws IOException {
        ProcessRunner.Outcome flush =
                ProcessRunner.run(List.of("sync", "-f", tree.toString()), FLUSH_TIMEOUT);
        if (!flush.succeeded()) {
            log.debug("no flush of the whole file system: {}", flush.output());
            forceEach(tree);
        }
    }

    private static void forceEach(Path tree) throws IOException {
        Files.walkFileTree(
                tree,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        if (attributes.isRegularFile()) {
                            try (FileChannel channel =
                                    FileChannel.open(file, StandardOpenOption.WRITE)) {
                                channel.force(true);
                            }
                        }
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    /**
     * Writes a file so that a crash leaves the old one or the new one. The temporary file is
     * created in {@code stagingDirectory}, to which only this user can write, so that no other user
     * can place a link there.
     */
    static void write(Path stagingDirectory, Path file, String text, String permissions)
            throws IOException {
        Path temporary = stagingDirectory.resolve(file.getFileName() + ".new");
        Files.deleteIfExists(temporary);
        var mode =
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
        try (FileChannel channel =
                (FileChannel)
                        Files.newByteChannel(
                                temporary,
                                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                                mode)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(
                temporary,
                file,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }
}
