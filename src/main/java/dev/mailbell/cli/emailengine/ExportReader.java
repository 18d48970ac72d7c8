package dev.mailbell.cli.emailengine;

import dev.mailbell.cli.terminal.FileFault;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads a file with accounts of EmailEngine, one at a time. The accounts stand one after the other,
 * in an array, or in the member {@code accounts} of an object.
 */
public final class ExportReader implements AutoCloseable {
    private final InputStream in;
    private final JsonParser parser;
    private final Deque<ObjectNode> waiting = new ArrayDeque<>();

    private ExportReader(InputStream in) {
        this.in = in;
        this.parser = ExportJson.MAPPER.createParser(in);
    }

    /**
     * @throws ExportFaultException when there is no such file
     */
    public static ExportReader open(Path file) {
        try {
            return new ExportReader(Files.newInputStream(file));
        } catch (IOException e) {
            throw new ExportFaultException("cannot read " + file + ": " + FileFault.of(e), e);
        }
    }

    /**
     * The next account; empty after the last one.
     *
     * @throws ExportFaultException when the file is not JSON, or ends within an account
     */
    public Optional<ObjectNode> next() {
        try {
            while (waiting.isEmpty()) {
                JsonToken token = parser.nextToken();
                if (token == null) {
                    return Optional.empty();
                }
                switch (token) {
                    case START_ARRAY, END_ARRAY -> {}
                    case START_OBJECT -> take(ExportJson.MAPPER.readTree(parser));
                    default -> throw fault("there is a value that is no account", null);
                }
            }
        } catch (JacksonException e) {
            // The parser's message is not passed on: it may quote a password of the file.
            throw fault("the file is not valid JSON, or was cut off", e);
        }
        return Optional.of(waiting.remove());
    }

    private void take(JsonNode value) {
        JsonNode list = value.path("accounts");
        if (list.isArray() && !value.has("account")) {
            for (JsonNode account : list) {
                if (!(account instanceof ObjectNode object)) {
                    throw fault("there is a value that is no account", null);
                }
                waiting.add(object);
            }
        } else {
            waiting.add((ObjectNode) value);
        }
    }

    private ExportFaultException fault(String what, @Nullable JacksonException cause) {
        TokenStreamLocation at = parser.currentLocation();
        return new ExportFaultException(
                what + ", at line " + at.getLineNr() + ", column " + at.getColumnNr(), cause);
    }

    @Override
    public void close() {
        try (in) {
            parser.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the export could not be closed", e);
        }
    }
}
