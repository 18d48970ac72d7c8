package dev.mailbell.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * The identity, modification time and size of a file. Symbolic links are followed, so a link with a
 * new target is a change. A file that replaces another is a change too, however old it is.
 */
record FileStamp(String text) {
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
