package dev.mailbell.account;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.AccountSearch.Filter;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The search over 100,000 accounts of two clients: it finds what it should, by the indexes, and
 * reads few rows. The test runs the program's own statements with each kind of plan and reads
 * PostgreSQL's counters.
 */
class AccountSearchTest {
    private static final int ACCOUNTS = 100_000;
    private static final UUID FIRST = UUID.fromString("00000000-0000-7000-8000-000000000000");
    private static final UUID SECOND = UUID.fromString("00000000-0000-7000-8000-00000000000b");

    /**
     * The driver prepares from the sixth time on; the server's plan is generic from the eleventh.
     */
    private static final int TIMES = 14;

    private static Database database;
    private static Jdbi jdbi;
    private static AccountSearch search;

    /**
     * Every thousandth account is the second client's, parked, of another host and with a label.
     */
    @BeforeAll
    static void fill() throws Exception {
        database = TestDatabase.create(1);
        jdbi = database.jdbi();
        search = new AccountSearch(jdbi);
        jdbi.useHandle(handle -> {
            handle.execute("insert into client (id, name) values (?, 'second')", SECOND);
            handle.createUpdate(
                            """
                            insert into account (id, client_id, shard, ref, address, protocol, host, port, security, username,
                                auth, credential, tls_verify, mailboxes, envelopes, labels, state, state_since, created_at,
                                updated_at)
                            select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
                                case n % 1000 when 7 then :second else :first end, n % 1024,
                                case n % 2 when 0 then 'Order-' || n end,
                                'User' || n || '@' || case n % 1000 when 7 then 'Rare.example' else 'example.org' end,
                                'imap', case n % 1000 when 7 then 'imap.rare.example' else 'imap.example.org' end,
                                993, 'tls', 'a', 'password', decode(repeat('ab', 200), 'hex'), true, '{INBOX}', false,
                                case when n % 1000 = 7 then '{"plan":"pro"}' when n % 5 = 0 then '{"team":"a"}' else '{}' end::jsonb,
                                case n % 1000 when 7 then 'parked' else 'watching' end, now(), now(), now()
                            from generate_series(1, :accounts) n\
                            """)
                    .bind("first", FIRST)
                    .bind("second", SECOND)
                    .bind("accounts", ACCOUNTS)
                    .execute();
            handle.execute("vacuum analyze account");
        });
    }

    @AfterAll
    static void close() throws Exception {
        database.close();
    }

    private static Filter text(@Nullable UUID client, String text) {
        return new Filter(client, text, null, null, null, Map.of());
    }

    private static List<String> addresses(Filter filter, int limit) {
        return search.page(filter, null, limit).stream().map(Account::address).toList();
    }

    private static long counter(String name) {
        return jdbi.withHandle(handle -> {
            handle.execute("select pg_stat_force_next_flush()");
            return handle.createQuery(
                            "select "
                                    + name
                                    + " from pg_stat_user_tables where relname = 'account'")
                    .mapTo(Long.class)
                    .one();
        });
    }

    /**
     * @param most rows of the table that the work may fetch each time
     */
    private static void reads(int most, Runnable work) {
        for (String plan : List.of("auto", "force_generic_plan")) {
            jdbi.useHandle(handle -> handle.execute("set plan_cache_mode = " + plan));
            long scans = counter("seq_scan");
            long rows = counter("coalesce(idx_tup_fetch, 0)");
            for (int i = 0; i < TIMES; i++) {
                work.run();
            }
            assertThat(counter("seq_scan")).as("sequential scans, %s", plan).isEqualTo(scans);
            assertThat(counter("coalesce(idx_tup_fetch, 0)") - rows)
                    .as("rows fetched, %s", plan)
                    .isLessThanOrEqualTo((long) most * TIMES);
            jdbi.useHandle(handle -> handle.execute("reset plan_cache_mode"));
        }
    }

    @Test
    void a_whole_address_is_found_in_any_case_among_all_and_among_those_of_its_client() {
        reads(
                10,
                () ->
                        assertThat(addresses(text(null, "uSER70007@rare.EXAMPLE"), 51))
                                .containsExactly("User70007@Rare.example"));
        reads(
                10,
                () ->
                        assertThat(addresses(text(SECOND, "user70007@"), 51))
                                .containsExactly("User70007@Rare.example"));
        assertThat(addresses(text(FIRST, "user70007@"), 51)).isEmpty();
    }

    @Test
    void the_beginning_of_a_ref_a_domain_and_a_host_is_found() {
        reads(
                10,
                () ->
                        assertThat(addresses(text(null, "order-77776"), 51))
                                .containsExactly("User77776@example.org"));
        reads(300, () -> assertThat(addresses(text(null, "@rare"), 51)).hasSize(51));
        reads(300, () -> assertThat(addresses(text(SECOND, "imap.rare"), 500)).hasSize(100));
        assertThat(addresses(text(FIRST, "imap.rare"), 500)).isEmpty();
        assertThat(addresses(text(null, "@are"), 51)).isEmpty();
    }

    @Test
    void what_begins_nearly_every_address_is_found_page_by_page_in_the_order_of_ids() {
        // The probe of one index, then a page.
        reads(1_200, () -> assertThat(addresses(text(null, "user"), 51)).hasSize(51));
        List<UUID> ids = new ArrayList<>();
        Filter filter = text(null, "user7");
        for (UUID after = null; ; after = ids.getLast()) {
            List<Account> page = search.page(filter, after, 500);
            page.forEach(account -> ids.add(account.id()));
            if (page.size() < 500) {
                break;
            }
        }
        assertThat(ids).hasSize(11_111).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void a_frequent_label_is_found_page_by_page_in_the_order_of_ids() {
        Filter filter = new Filter(FIRST, null, null, null, null, Map.of("team", "a"));
        reads(1_300, () -> assertThat(addresses(filter, 51)).hasSize(51));
        List<UUID> ids =
                search.page(filter, search.page(filter, null, 500).getLast().id(), 500).stream()
                        .map(Account::id)
                        .toList();
        assertThat(ids).hasSize(500).isSorted();
    }

    @Test
    void accounts_are_found_by_state_host_and_label_and_all_together() {
        Filter parked = new Filter(null, null, AccountState.PARKED, null, null, Map.of());
        Filter host = new Filter(null, null, null, null, "imap.rare.example", Map.of());
        Filter label = new Filter(null, null, null, null, null, Map.of("plan", "pro"));
        Filter all =
                new Filter(
                        SECOND,
                        "user",
                        AccountState.PARKED,
                        null,
                        "imap.rare.example",
                        Map.of("plan", "pro"));
        for (Filter filter : List.of(parked, host, label)) {
            reads(300, () -> assertThat(addresses(filter, 51)).as("%s", filter).hasSize(51));
        }
        assertThat(addresses(all, 500)).hasSize(100);
        Filter usual = new Filter(null, null, null, null, "imap.example.org", Map.of());
        reads(1_300, () -> assertThat(addresses(usual, 51)).hasSize(51));
        reads(60, () -> assertThat(addresses(Filter.of(FIRST), 51)).hasSize(51));
        reads(
                10,
                () ->
                        assertThat(
                                        addresses(
                                                new Filter(
                                                        FIRST, null, null, "Order-4", null,
                                                        Map.of()),
                                                51))
                                .containsExactly("User4@example.org"));
    }

    @Test
    void letters_that_mean_something_to_patterns_are_letters() {
        for (String text : List.of("%", "_", "user%", "\\", "'", "@%", "us_r7", "\ud83d\udc1f")) {
            assertThat(addresses(text(null, text), 51)).as(text).isEmpty();
        }
    }
}
