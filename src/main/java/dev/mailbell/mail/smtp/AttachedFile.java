package dev.mailbell.mail.smtp;

import dev.mailbell.mail.text.ServerText;
import jakarta.activation.DataSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * A file as an attachment: its type is guessed from its name, its content read while it is sent.
 */
record AttachedFile(Path file, String name, String type) implements DataSource {
    private static final String UNKNOWN = "application/octet-stream";
    private static final int MAX_NAME = 200;

    /** What the JDK's own table lacks or has otherwise. */
    private static final Map<String, String> TYPES =
            Map.ofEntries(
                    Map.entry("csv", "text/csv"),
                    Map.entry(
                            "docx",
                            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
                    Map.entry("ics", "text/calendar"),
                    Map.entry("json", "application/json"),
                    Map.entry("log", "text/plain"),
                    Map.entry("md", "text/markdown"),
                    Map.entry(
                            "pptx",
                            "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
                    Map.entry("webp", "image/webp"),
                    Map.entry(
                            "xlsx",
                            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
                    Map.entry("yaml", "application/yaml"),
                    Map.entry("zip", "application/zip"));

    /**
     * @throws IllegalArgumentException when it is no regular file that can be read
     */
    static AttachedFile of(Path file) {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new IllegalArgumentException(file + " is no file that can be read");
        }
        String name = ServerText.oneLine(String.valueOf(file.getFileName()), MAX_NAME);
        return new AttachedFile(file, name, typeOf(name));
    }

    static String typeOf(String name) {
        String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        String known = TYPES.get(extension);
        String type = known == null ? URLConnection.guessContentTypeFromName(name) : known;
        // Messages and multiparts may not be in base64 (RFC 2045, section 6.4).
        return type == null || type.startsWith("message/") || type.startsWith("multipart/")
                ? UNKNOWN
                : type;
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return Files.newInputStream(file);
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        throw new IOException("an attachment is only read");
    }

    @Override
    public String getContentType() {
        return type;
    }

    @Override
    public String getName() {
        return name;
    }
}
