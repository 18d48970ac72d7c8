package dev.mailbell.cli.csv;

import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.terminal.FileFault;
import dev.mailbell.cli.terminal.Printable;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PushbackReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.csv.CsvFactory;
import tools.jackson.dataformat.csv.CsvReadFeature;
import tools.jackson.dataformat.csv.CsvSchema;

/**
 * The rows of a CSV file (RFC 4180) in UTF-8, whose first line names the columns. They are read one
 * by one, so that a file may be of any length.
 */
final class CsvAccounts {
    static final int MAX_ROWS = 1_000_000;
    private static final int MAX_CELL = 1 << 20;
    private static final char BYTE_ORDER_MARK = '\ufeff';

    private static final CsvFactory CSV =
            CsvFactory.builder()
                    .enable(CsvReadFeature.SKIP_EMPTY_LINES)
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxStringLength(MAX_CELL).build())
                    .build();

    private final Path file;
    private final char separator;

    CsvAccounts(Path file, char separator) {
        this.file = file;
        this.separator = separator;
    }

    /**
     * Reads all rows.
     *
     * @throws ApiFailure when the file is no such CSV; the message has the line
     */
    void read(Consumer<CsvRow> rows) {
        int line = 1;
        try (Reader text = open();
                JsonParser parser = parser(text)) {
            @Nullable List<CsvColumn> columns = null;
            int count = 0;
            while (parser.nextToken() == JsonToken.START_ARRAY) {
                line = parser.currentLocation().getLineNr();
                List<String> cells = cells(parser);
                if (columns == null) {
                    columns = columns(cells, line);
                } else if (++count > MAX_ROWS) {
                    throw fault(line, "a file may have 1,000,000 rows; split it");
                } else {
                    rows.accept(row(line, columns, cells));
                }
            }
            if (columns == null) {
                throw fault(1, "the file is empty: its first line names the columns");
            }
        } catch (JacksonException e) {
            throw e.getCause() instanceof CharacterCodingException
                    ? fault(lineNotUtf8(), "is not UTF-8: save the file in that encoding")
                    : fault(line, explained(e));
        } catch (CharacterCodingException e) {
            throw fault(lineNotUtf8(), "is not UTF-8: save the file in that encoding");
        } catch (IOException e) {
            throw new ApiFailure(ExitCodes.USAGE, file + " cannot be read: " + FileFault.of(e), e);
        }
    }

    private Reader open() throws IOException {
        PushbackReader text =
                new PushbackReader(
                        new BufferedReader(
                                new InputStreamReader(
                                        Files.newInputStream(file),
                                        StandardCharsets.UTF_8
                                                .newDecoder()
                                                .onMalformedInput(CodingErrorAction.REPORT))));
        try {
            int first = text.read();
            if (first >= 0 && first != BYTE_ORDER_MARK) {
                text.unread(first);
            }
            return text;
        } catch (IOException e) {
            text.close();
            throw e;
        }
    }

    private JsonParser parser(Reader text) {
        return CSV.createParser(
                new ObjectReadContext.Base() {
                    @Override
                    public CsvSchema getSchema() {
                        return CsvSchema.emptySchema().withColumnSeparator(separator);
                    }
                },
                text);
    }

    private static List<String> cells(JsonParser parser) {
        List<String> cells = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            cells.add(parser.getString());
        }
        return cells;
    }

    private List<CsvColumn> columns(List<String> titles, int line) {
        List<CsvColumn> columns = new ArrayList<>();
        List<String> unknown = new ArrayList<>();
        Set<List<String>> seen = new HashSet<>();
        for (String title : titles) {
            CsvColumn column = CsvColumn.titled(title).orElse(null);
            if (column == null) {
                unknown.add("\"" + Printable.of(title.strip()) + "\"");
            } else if (seen.add(column.path())) {
                columns.add(column);
            } else {
                throw fault(line, "the column " + column.title() + " is there twice");
            }
        }
        if (!unknown.isEmpty()) {
            throw fault(
                    line,
                    "no column is called %s; there are %s%s"
                            .formatted(
                                    String.join(", ", unknown),
                                    CsvColumn.titles(),
                                    titles.size() == 1
                                            ? ". --separator names another one than " + separator
                                            : ""));
        }
        if (columns.stream().noneMatch(column -> column.title().equals("address"))) {
            throw fault(line, "the column address is missing");
        }
        return columns;
    }

    /** A row without a ref gets its address for it, so that another run finds the account. */
    private static CsvRow row(int line, List<CsvColumn> columns, List<String> cells) {
        ObjectNode account = Documents.object();
        List<String> faults = new ArrayList<>();
        if (cells.size() != columns.size()) {
            faults.add(
                    "has %d cells instead of %d: a cell with the separator needs quotes"
                            .formatted(cells.size(), columns.size()));
        }
        for (int i = 0; i < Math.min(cells.size(), columns.size()); i++) {
            try {
                columns.get(i).put(account, cells.get(i));
            } catch (IllegalArgumentException e) {
                faults.add(String.valueOf(e.getMessage()));
            }
        }
        String address = Documents.text(account, "address");
        if (address.isEmpty()) {
            faults.add("address is empty");
        } else if (!account.has("ref")) {
            account.put("ref", address);
        }
        account.withObjectProperty("mail");
        return new CsvRow(line, account, faults);
    }

    /** Without the text around, which may be a password. */
    private static String explained(JacksonException e) {
        String message = String.valueOf(e.getOriginalMessage());
        return message.contains("closing quote")
                ? "a quoted cell of the row that begins here is not closed"
                : message.contains("maximum")
                        ? "a cell has more than 1 MiB, or its closing quote is missing"
                        : "a closing quote is followed by more than the separator: quotes in a cell are"
                                + " written twice";
    }

    private ApiFailure fault(int line, String what) {
        return new ApiFailure(ExitCodes.USAGE, file + ", line " + line + ": " + what);
    }

    /** The first line that is not UTF-8. */
    private int lineNotUtf8() {
        int line = 1;
        try (var in = new java.io.BufferedInputStream(Files.newInputStream(file))) {
            var bytes = new java.io.ByteArrayOutputStream();
            for (int next = in.read(); next >= 0; next = in.read()) {
                bytes.write(next);
                if (next == '\n' || bytes.size() > MAX_CELL) {
                    if (!isUtf8(bytes.toByteArray())) {
                        return line;
                    }
                    bytes.reset();
                    line++;
                }
            }
        } catch (IOException e) {
            throw new ApiFailure(ExitCodes.USAGE, file + " cannot be read: " + FileFault.of(e), e);
        }
        return line;
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}
