package dev.mailbell.config.reload;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The identity, modification time and size of a file. Symbolic links are followed, so a link with a
 * new target is a change. A file that replaces another is a change too, however old it is.
 */
record FileStamp(String text) {
    /** The stamp of several files, which changes with each of them. */
    static FileStamp of(List<Path> files) {
        return new FileStamp(
                files.stream().map(file -> of(file).text()).collect(Collectors.joining(", ")));
    }

    static FileStamp of(Path file) {
        try {
            BasicFileAttributes it = Files.readAttributes(file, BasicFileAttributes.class);
            return new FileStamp(it.fileKey() + " " + it.lastModifiedTime() + " " + it.size());
        } catch (NoSuchFileException e) {
            return new FileStamp("absent");
        } catch (IOException e) {
            return new FileStamp("unreadable: " + e);
        }
    }
}
