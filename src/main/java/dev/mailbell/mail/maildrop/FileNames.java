package dev.mailbell.mail.maildrop;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/** Makes names of attachments safe: one name in one directory, on any file system. */
final class FileNames {
    /** In octets; file systems allow 255, and a number may follow. */
    private static final int LONGEST = 200;

    private static final int LONGEST_EXTENSION = 12;
    private static final Set<String> DEVICES =
            Set.of("con", "prn", "aux", "nul", "clock$", "conin$", "conout$");

    private FileNames() {}

    /**
     * A name without directories, control characters and what a shell or file system could take for
     * something else.
     *
     * @param given by the sender; may be anything
     * @param otherwise the name for nothing usable
     */
    static String safe(String given, String otherwise) {
        String last =
                given.substring(Math.max(given.lastIndexOf('/'), given.lastIndexOf('\\')) + 1);
        String printable =
                last.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Cn}\\p{Zl}\\p{Zp}]", "")
                        .replaceAll("[:*?\"<>|`$&;'!/\\\\\\s]+", "_");
        String bare = printable.replaceFirst("^[._~-]+", "").replaceFirst("[._ ]+$", "");
        if (bare.isEmpty()) {
            return otherwise;
        }
        String name = shortened(bare);
        int dot = name.indexOf('.');
        String stem = (dot < 0 ? name : name.substring(0, dot)).toLowerCase(Locale.ROOT);
        return DEVICES.contains(stem) || stem.matches("(com|lpt)[0-9]") ? "_" + name : name;
    }

    private static String shortened(String name) {
        String extension = extension(name);
        String stem = name.substring(0, name.length() - extension.length());
        while ((stem + extension).getBytes(StandardCharsets.UTF_8).length > LONGEST) {
            stem = stem.substring(0, stem.offsetByCodePoints(stem.length(), -1));
        }
        return stem + extension;
    }

    /** The extension with its dot; empty for none. */
    private static String extension(String name) {
        int dot = name.lastIndexOf('.');
        return dot > 0 && name.length() - dot <= LONGEST_EXTENSION ? name.substring(dot) : "";
    }

    /** The name with a number, for one that exists already. */
    static String numbered(String name, int number) {
        String extension = extension(name);
        return name.substring(0, name.length() - extension.length())
                + " ("
                + number
                + ")"
                + extension;
    }
}
