package dev.mailbell.backup;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a backup holds; the last entry of its file.
 *
 * @param format of the file
 * @param program the version of Mailbell that made it
 * @param schema the migrations of its database, each with its checksum, in order
 * @param takenAt the moment that its rows are of
 * @param keys the ids of the keys that its secrets are encrypted with; the keyset is not in it
 * @param days the days with a partition, by log
 * @param tables in the order in which they are restored
 */
public record Manifest(
        int format,
        String program,
        List<String> schema,
        Instant takenAt,
        List<String> keys,
        Map<String, List<String>> days,
        List<Table> tables) {
    static final int FORMAT = 1;
    static final String ENTRY = "manifest.json";

    private static final JsonMapper JSON = new JsonMapper();

    /** A table and the number of its rows. */
    public record Table(String name, List<String> columns, long rows) {
        public Table {
            columns = List.copyOf(columns);
        }

        String entry() {
            return name + ".copy";
        }
    }

    public Manifest {
        schema = List.copyOf(schema);
        keys = List.copyOf(keys);
        days = Map.copyOf(days);
        tables = List.copyOf(tables);
    }

    /** The rows of all tables. */
    public long rows() {
        return tables.stream().mapToLong(Table::rows).sum();
    }

    byte[] json() {
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(this);
    }

    static Manifest of(byte[] json) {
        return JSON.readValue(json, Manifest.class);
    }
}
