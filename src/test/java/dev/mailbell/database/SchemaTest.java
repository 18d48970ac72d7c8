package dev.mailbell.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Compares the schema that the migrations make with {@code schema.txt}. Each line of that file is
 * one fact, so that a difference names the table and the column, constraint or index.
 *
 * <p>A migration that changes the schema changes that file: the test writes what it found to {@code
 * target/schema.txt}.
 */
class SchemaTest {
    /** Tables without Flyway's own. {@code place} is the name; partitions of days share one. */
    private static final String TABLES =
            """
            with tables as (
                select c.*, regexp_replace(c.relname, '_[0-9]{8}$', '_DAY') as place
                from pg_class c
                where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
                    and c.relname <> 'flyway_schema_history')
            """;

    private static final List<String> FACTS =
            List.of(
                    """
                    select place || ' | ' || case relpersistence when 'u' then 'unlogged ' else '' end || 'table'
                        || coalesce(' partition by ' || pg_get_partkeydef(oid), '')
                        || coalesce(' partition of ' || (select i.inhparent::regclass from pg_inherits i where i.inhrelid = tables.oid)
                            || case place when relname then ' ' || pg_get_expr(relpartbound, oid) else ' for a day' end, '')
                        || case when relrowsecurity then ' with row-level security' else '' end
                        || coalesce(' with (' || nullif(array_to_string(array(select unnest(reloptions) order by 1), ', '), '') || ')', '')
                    from tables\
                    """,
                    """
                    select place || ' | column ' || attname || ' ' || format_type(atttypid, atttypmod)
                        || case when attnotnull then ' not null' else '' end
                        || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
                        || case when attstorage <> typstorage then ' storage ' || attstorage::text else '' end
                    from tables join pg_attribute on attrelid = tables.oid join pg_type on pg_type.oid = atttypid
                        left join pg_attrdef on adrelid = tables.oid and adnum = attnum
                    where attnum > 0 and not attisdropped\
                    """,
                    // The names of a partition's constraints and indexes are PostgreSQL's.
                    """
                    select place || ' | constraint ' || case when relispartition then '' else conname || ': ' end
                        || pg_get_constraintdef(con.oid)
                    from tables join pg_constraint con on conrelid = tables.oid where contype <> 'n'\
                    """,
                    """
                    select place || ' | index ' || case when relispartition then '' else indexrelid::regclass || ': ' end
                        || replace(regexp_replace(pg_get_indexdef(indexrelid), ' INDEX \\S+ ON ', ' INDEX ON '), relname, place)
                    from tables join pg_index on indrelid = tables.oid
                    where not exists (select from pg_constraint where conindid = indexrelid)\
                    """,
                    """
                    select place || ' | trigger ' || pg_get_triggerdef(t.oid)
                    from tables join pg_trigger t on tgrelid = tables.oid where not tgisinternal\
                    """,
                    """
                    select place || ' | policy ' || polname || ' ' || coalesce(pg_get_expr(polqual, polrelid), '')
                    from tables join pg_policy on polrelid = tables.oid\
                    """,
                    // Without comments, and on one line.
                    """
                    select 'function ' || proname || ' | ' || regexp_replace(regexp_replace(
                        pg_get_functiondef(oid), '^\\s*--[^\\n]*$', '', 'gn'), '\\s+', ' ', 'g')
                    from pg_proc where pronamespace = 'public'::regnamespace\
                    """,
                    """
                    select 'other | ' || relkind::text || ' ' || relname from pg_class
                    where relnamespace = 'public'::regnamespace and relkind in ('v', 'm', 'S', 'f', 'c')\
                    """,
                    """
                    select 'other | type ' || typname from pg_type
                    where typnamespace = 'public'::regnamespace and typtype in ('e', 'd', 'r')\
                    """,
                    "select 'other | extension ' || extname from pg_extension where extname <> 'plpgsql'",
                    "select 'client | row ' || (to_jsonb(client) - 'created_at' - 'updated_at')::text from client");

    @Test
    void the_migrations_make_the_schema_that_is_written_down() throws IOException {
        List<String> found;
        try (Database database = TestDatabase.create()) {
            found = facts(database);
        }
        Files.write(Path.of(System.getProperty("basedir", "."), "target", "schema.txt"), found);
        List<String> written = written();
        assertThat(Stream.concat(without(written, found, "lost"), without(found, written, "added")))
                .isEmpty();
    }

    private static Stream<String> without(List<String> some, List<String> others, String word) {
        return some.stream().filter(fact -> !others.contains(fact)).map(fact -> word + ": " + fact);
    }

    private static List<String> facts(Database database) {
        return FACTS.stream()
                .flatMap(query ->
                        database
                                .jdbi()
                                .withHandle(handle ->
                                        handle.createQuery(
                                                        query.contains("from tables")
                                                                ? TABLES + query
                                                                : query)
                                                .mapTo(String.class)
                                                .list())
                                .stream())
                .distinct()
                .sorted()
                .toList();
    }

    private static List<String> written() throws IOException {
        try (InputStream in = SchemaTest.class.getResourceAsStream("/schema.txt")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
    }
}
