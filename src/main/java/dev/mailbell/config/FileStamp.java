package dev.mailbell.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * What a file looks like from outside. Links are followed, so that a link that was pointed
 * elsewhere is a change; the file's own identity counts, so that one put in its place is a change
 * too, however old it is.
 */
record FileStamp(String text) {
    static FileStamp of(Path file) {
        try {
            BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
            return new FileStamp(is.fileKey() + " " + is.lastModifiedTime() + " " + is.size());
        } catch (NoSuchFileException e) {
            return new FileStamp("absent");
        } catch (IOException e) {
            return new FileStamp("unreadable: " + e);
        }
    }
}
