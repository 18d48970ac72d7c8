package dev.mailbell.cli.terminal;

import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/**
 * Why a file cannot be read or written, without its name. Java's own messages of such failures are
 * the name alone.
 */
public final class FileFault {
    private FileFault() {}

    /** For a message that names the file. */
    public static String of(Exception failure) {
        return switch (failure) {
            case NoSuchFileException missing -> "there is no such file or folder";
            case AccessDeniedException denied -> "this user may not do that";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            case CharacterCodingException wrong -> "it is not UTF-8";
            default -> String.valueOf(failure.getMessage());
        };
    }
}
