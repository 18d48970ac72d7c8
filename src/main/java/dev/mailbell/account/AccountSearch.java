package dev.mailbell.account;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.jspecify.annotations.Nullable;

/** Lists accounts page by page, in the order of their ids, and searches among them. */
public final class AccountSearch {
    /**
     * Where a list begins. An id instead of a null, and limits that are written out, let the plan
     * that the server keeps for a prepared statement walk along the index from there.
     */
    private static final UUID LOWEST = new UUID(0, 0);

    /** Follows every text that continues a beginning. */
    private static final String HIGHEST_LETTER = Character.toString(Character.MAX_CODE_POINT);

    /** What more accounts have is frequent: a walk along the ids soon meets a page of them. */
    private static final int FREQUENT = 1_000;

    private static final Kind DOMAIN = new Kind("split_part(lower(address), '@', 2)", "");
    private static final List<Kind> KINDS =
            List.of(
                    new Kind("lower(address)", ""),
                    DOMAIN,
                    new Kind("lower(ref)", "ref is not null and "),
                    new Kind("host", ""));

    /**
     * What may begin with a text.
     *
     * @param also the condition of its index
     */
    private record Kind(String expression, String also) {
        private String range(String of) {
            return "(%1$s%2$s collate \"C\" >= lower(:from) and %2$s collate \"C\" < lower(:to))"
                    .formatted(also, of);
        }

        /** By the index, in its order, and never more than are frequent. */
        String probe(String conditions) {
            return "select id from account where %s and %s order by %s collate \"C\" limit %d"
                    .formatted(range(expression), conditions, expression, FREQUENT + 1);
        }

        /** For a row that is read anyway: no index holds this expression. */
        String matches() {
            return range("(" + expression + " || '')");
        }
    }

    /**
     * A condition of which an index knows how many accounts match it; a planner that does not know
     * the value does not.
     *
     * @param probe the condition, as the index has it
     * @param order the order of the index; empty for none
     * @param matches the condition for a row that is read anyway
     */
    private record Exact(String probe, String order, String matches) {
        static final Exact LABELS =
                new Exact("labels @> :labels::jsonb", "", "(labels || '{}') @> :labels::jsonb");

        static final Exact HOST =
                new Exact(
                        "host collate \"C\" >= :host and host collate \"C\" <= :host",
                        " order by host collate \"C\"",
                        "(host || '') = :host");

        String probe(String conditions) {
            return "select id from account where %s and %s%s limit %d"
                    .formatted(probe, conditions, order, FREQUENT + 1);
        }
    }

    private final Jdbi jdbi;

    public AccountSearch(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * Which accounts to list; null fields do not restrict.
     *
     * @param client whose
     * @param text how the address, its domain, the ref or the host begins, in any case of letters;
     *     with {@code @} first, how the domain begins
     * @param labels those an account must carry
     */
    public record Filter(
            @Nullable UUID client,
            @Nullable String text,
            @Nullable AccountState state,
            @Nullable String ref,
            @Nullable String host,
            Map<String, String> labels) {
        public Filter {
            labels = Map.copyOf(labels);
        }

        /** All accounts of a client. */
        public static Filter of(UUID client) {
            return new Filter(client, null, null, null, null, Map.of());
        }
    }

    /**
     * A page.
     *
     * @param after the id after which it begins; null: from the start
     * @param limit accounts at most
     */
    public List<Account> page(Filter filter, @Nullable UUID after, int limit) {
        Map<String, Object> values = new TreeMap<>();
        values.put("after", after == null ? LOWEST : after);
        String conditions = conditions(filter, values);
        List<Exact> exact = exact(filter, values);
        if (filter.text() != null) {
            List<Kind> kinds = kinds(filter.text(), values);
            String all = conditions + and(exact);
            return rareOrFrequent(
                    kinds.stream().map(kind -> kind.probe(all)).toList(),
                    all
                            + kinds.stream()
                                    .map(Kind::matches)
                                    .collect(Collectors.joining(" or ", " and (", ")")),
                    values,
                    limit);
        }
        return exact.isEmpty()
                ? walk(conditions, values, limit)
                : rareOrFrequent(
                        List.of(
                                exact.getFirst()
                                        .probe(conditions + and(exact.subList(1, exact.size())))),
                        conditions + and(exact),
                        values,
                        limit);
    }

    private static String and(List<Exact> conditions) {
        return conditions.stream()
                .map(each -> " and " + each.matches())
                .collect(Collectors.joining());
    }

    private static List<Exact> exact(Filter filter, Map<String, Object> values) {
        List<Exact> exact = new ArrayList<>();
        if (!filter.labels().isEmpty()) {
            exact.add(Exact.LABELS);
            values.put("labels", AccountRows.json(filter.labels()));
        }
        if (filter.host() != null) {
            exact.add(Exact.HOST);
            values.put("host", filter.host());
        }
        return exact;
    }

    private List<Account> walk(String conditions, Map<String, Object> values, int limit) {
        return rows(
                "select * from account where " + conditions + " order by id limit " + limit,
                values);
    }

    /**
     * What few accounts match is found whole by the indexes, and sorted; what many match would be a
     * long sort, and is met by walking along the ids.
     *
     * @param probes each finds the ids of one kind of match
     * @param conditions all matches, without an index that the walk would not follow
     */
    private List<Account> rareOrFrequent(
            List<String> probes, String conditions, Map<String, Object> values, int limit) {
        // One snapshot: without an account that is removed meanwhile, the page would look like the
        // last one.
        return jdbi.inTransaction(
                TransactionIsolationLevel.REPEATABLE_READ,
                handle -> inSnapshot(probes, conditions, values, limit));
    }

    private List<Account> inSnapshot(
            List<String> probes, String conditions, Map<String, Object> values, int limit) {
        List<List<UUID>> found = new ArrayList<>();
        for (String probe : probes) {
            List<UUID> ids =
                    jdbi.withHandle(handle ->
                            handle.createQuery(probe).bindMap(values).mapTo(UUID.class).list());
            if (ids.size() > FREQUENT) {
                return walk(conditions, values, limit);
            }
            found.add(ids);
        }
        UUID[] page =
                found.stream()
                        .flatMap(List::stream)
                        .distinct()
                        // As the database orders them: UUIDs of Java are signed.
                        .sorted(Comparator.comparing(UUID::toString))
                        .limit(limit)
                        .toArray(UUID[]::new);
        return page.length == 0
                ? List.of()
                : rows(
                        "select * from account where id = any (:page) order by id",
                        Map.of("page", page));
    }

    private List<Account> rows(String sql, Map<String, ?> values) {
        return jdbi.withHandle(handle ->
                handle.createQuery(sql)
                        .bindMap(values)
                        .map((row, context) -> AccountRows.read(row))
                        .list());
    }

    /** Only what restricts is named: a plan for any value could not use the indexes. */
    private static String conditions(Filter filter, Map<String, Object> values) {
        List<String> conditions = new ArrayList<>(List.of("id > :after"));
        if (filter.client() != null) {
            conditions.add("client_id = :client");
            values.put("client", filter.client());
        }
        if (filter.state() != null) {
            // Written out, so that the index of the states other than watching is used.
            conditions.add("state = '" + filter.state().wireName() + "'");
        }
        if (filter.ref() != null) {
            conditions.add("ref = :ref and lower(ref) collate \"C\" = lower(:ref)");
            values.put("ref", filter.ref());
        }
        return String.join(" and ", conditions);
    }

    private static List<Kind> kinds(String text, Map<String, Object> values) {
        boolean ofDomain = text.startsWith("@");
        String beginning = ofDomain ? text.substring(1) : text;
        values.put("from", beginning);
        values.put("to", beginning + HIGHEST_LETTER);
        return ofDomain ? List.of(DOMAIN) : KINDS;
    }
}
