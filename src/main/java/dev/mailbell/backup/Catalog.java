package dev.mailbell.backup;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

/** The tables of Mailbell, by the catalog of their server. */
final class Catalog {
    /**
     * What belongs to running nodes, and what each database makes for itself. All other tables are
     * in a backup, also those that are added later.
     */
    private static final Set<String> LEFT_OUT =
            Set.of(
                    "node",
                    "shard",
                    "change_notice",
                    "scheduled_tasks",
                    "write_probe",
                    "flyway_schema_history");

    private Catalog() {}

    /** Something to read from a row. */
    private interface Reader<T> {
        T read(ResultSet row) throws SQLException;
    }

    private static <T> List<T> query(Connection connection, String sql, Reader<T> reader)
            throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<T> read = new ArrayList<>();
            while (rows.next()) {
                read.add(reader.read(rows));
            }
            return read;
        }
    }

    /** The tables with their columns; each stands behind those that it refers to. */
    static SequencedMap<String, List<String>> tables(Connection connection) throws SQLException {
        SequencedMap<String, List<String>> columns = new LinkedHashMap<>();
        query(
                        connection,
                        """
                        select c.relname, array_agg(a.attname::text order by a.attnum) as columns
                        from pg_class c join pg_attribute a on a.attrelid = c.oid
                        where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
                            and not c.relispartition and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                        group by c.relname order by c.relname\
                        """,
                        row -> Map.entry(row.getString(1), strings(row.getArray(2))))
                .stream()
                .filter(table -> !LEFT_OUT.contains(table.getKey()))
                .forEach(table -> columns.put(table.getKey(), table.getValue()));
        Map<String, Set<String>> references = new LinkedHashMap<>();
        query(
                        connection,
                        """
                        select f.relname, t.relname from pg_constraint k
                            join pg_class f on f.oid = k.conrelid join pg_class t on t.oid = k.confrelid
                        where k.contype = 'f' and f.oid <> t.oid order by 1, 2\
                        """,
                        row -> Map.entry(row.getString(1), row.getString(2)))
                .forEach(reference ->
                        references
                                .computeIfAbsent(reference.getKey(), t -> new LinkedHashSet<>())
                                .add(reference.getValue()));
        SequencedMap<String, List<String>> ordered = new LinkedHashMap<>();
        columns.keySet().forEach(table -> add(table, columns, references, ordered));
        return ordered;
    }

    private static void add(
            String table,
            Map<String, List<String>> columns,
            Map<String, Set<String>> references,
            Map<String, List<String>> ordered) {
        List<String> own = columns.get(table);
        if (own == null || ordered.containsKey(table)) {
            return;
        }
        references
                .getOrDefault(table, Set.of())
                .forEach(to -> add(to, columns, references, ordered));
        ordered.put(table, own);
    }

    private static List<String> strings(Array array) throws SQLException {
        return List.of((String[]) array.getArray());
    }

    /** The migrations that made the tables. */
    static List<String> schema(Connection connection) throws SQLException {
        return query(
                connection,
                "select version || ' ' || coalesce(checksum, 0) from flyway_schema_history"
                        + " where success and version is not null order by installed_rank",
                row -> row.getString(1));
    }

    static List<String> keys(Connection connection) throws SQLException {
        return query(
                connection,
                "select id from keyset_key order by since, id",
                row -> row.getString(1));
    }

    /** The days with a partition of a log, as {@code 20261129}. */
    static Map<String, List<String>> days(Connection connection) throws SQLException {
        Map<String, List<String>> days = new LinkedHashMap<>();
        query(
                        connection,
                        """
                        select p.relname, right(c.relname, 8) from pg_inherits i
                            join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
                        where p.relnamespace = current_schema()::regnamespace and c.relname ~ '_[0-9]{8}$'
                            and p.relkind = 'p' order by 1, 2\
                        """,
                        row -> Map.entry(row.getString(1), row.getString(2)))
                .forEach(day ->
                        days.computeIfAbsent(day.getKey(), log -> new ArrayList<>())
                                .add(day.getValue()));
        return days;
    }

    /** Whether a table has rows. */
    static boolean hasRows(Connection connection, String condition) throws SQLException {
        try (PreparedStatement statement =
                        connection.prepareStatement(
                                "select exists (select from " + condition + ")");
                ResultSet row = statement.executeQuery()) {
            return row.next() && row.getBoolean(1);
        }
    }

    /** Column names for a statement; the names are this program's own. */
    static String list(List<String> columns) {
        return String.join(", ", columns.stream().map(Catalog::quoted).toList());
    }

    static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }
}
