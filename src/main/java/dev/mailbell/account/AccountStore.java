package dev.mailbell.account;

import dev.mailbell.account.AccountStateTable.Stored;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;

/**
 * The table of accounts, and the rows of their mailboxes as far as they come and go with the
 * account.
 */
public final class AccountStore {
    private final Jdbi jdbi;

    public AccountStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * Adds an account with a row for each of its mailboxes.
     *
     * @throws RefTakenException when the client has one with this ref
     */
    public void insert(Account account) {
        String ref = account.ref();
        if (new NewAccounts(jdbi).insert(List.of(account)).isEmpty() && ref != null) {
            throw new RefTakenException(ref);
        }
    }

    /**
     * Writes everything of an account but its times of checking; mailboxes that are no longer named
     * are forgotten.
     *
     * @return false when there is no such account any more
     * @throws RefTakenException when the client has another one with this ref
     */
    public boolean update(Account account) {
        try {
            return jdbi.inTransaction(handle -> {
                int rows =
                        AccountRows.bind(
                                        handle.createUpdate(
                                                """
                                                update account set ref = :ref, address = :address, protocol = :protocol, host = :host,
                                                    port = :port, security = :security, username = :username, auth = :auth,
                                                    credential = :credential, oauth_app = :app,
                                                    tls_verify = :tlsVerify, tls_ca_pem = :caPem,
                                                    tls_pins = :tlsPins, egress = :egress,
                                                    mailboxes = :mailboxes, push = :push, interval_seconds = :interval,
                                                    envelopes = :envelopes, labels = :labels::jsonb, state = :state,
                                                    state_since = :stateSince, failure_code = :failureCode,
                                                    failure_message = :failureMessage, failure_since = :failureSince,
                                                    failure_attempts = :failureAttempts, updated_at = :updatedAt
                                                where id = :id and client_id = :clientId\
                                                """),
                                        account)
                                .execute();
                if (rows == 1) {
                    alignMailboxes(handle, account);
                }
                return rows == 1;
            });
        } catch (UnableToExecuteStatementException e) {
            throw refTaken(e, account);
        }
    }

    /**
     * Reads an account, lets it be changed and writes the result, all in one transaction that no
     * other writer of this row comes between.
     *
     * @param change what to make of it; for its own sake quick, and what it throws undoes all
     * @return what was written; empty when there is no such account
     * @throws RefTakenException when the client has another one with the new ref
     */
    public Optional<Account> change(UUID clientId, UUID id, UnaryOperator<Account> change) {
        return jdbi.inTransaction(handle -> {
            Optional<Account> before =
                    handle.createQuery(
                                    """
                                    select * from account where client_id = :client and id = :id for update\
                                    """)
                            .bind("client", clientId)
                            .bind("id", id)
                            .map((row, context) -> AccountRows.read(row))
                            .findOne();
            Optional<Account> after = before.map(change);
            after.ifPresent(this::update);
            return after;
        });
    }

    private static void alignMailboxes(Handle handle, Account account) {
        String[] names = account.mailboxes().toArray(String[]::new);
        handle.createUpdate("delete from mailbox where account_id = :id and name <> all (:names)")
                .bind("id", account.id())
                .bind("names", names)
                .execute();
        handle.createUpdate(
                        """
                        insert into mailbox (account_id, name) select :id, unnest(:names) on conflict do nothing\
                        """)
                .bind("id", account.id())
                .bind("names", names)
                .execute();
    }

    /**
     * Forgets what was seen of an account's mailboxes: the login now opens other mailboxes. The new
     * rows have higher versions, so that a check that began before, perhaps at another node,
     * records nothing.
     */
    public void forgetMailboxes(UUID id) {
        jdbi.useTransaction(handle -> {
            long highest =
                    handle
                            .createQuery(
                                    "delete from mailbox where account_id = :id returning version")
                            .bind("id", id)
                            .mapTo(Long.class)
                            .list()
                            .stream()
                            .mapToLong(Long::longValue)
                            .max()
                            .orElse(0);
            handle.createUpdate(
                            """
                            insert into mailbox (account_id, name, version)
                            select id, unnest(mailboxes), :version from account where id = :id\
                            """)
                    .bind("id", id)
                    .bind("version", highest + 1)
                    .execute();
        });
    }

    /**
     * Replaces the encrypted login, if it is still the one given: a provider renewed a refresh
     * token.
     *
     * @return false when the account has another login by now, or is gone
     */
    public boolean replaceCredential(UUID id, byte[] before, byte[] after) {
        return jdbi.withHandle(handle ->
                handle.createUpdate(
                                """
                                update account set credential = :after
                                where id = :id and credential = :before\
                                """)
                        .bind("id", id)
                        .bind("before", before)
                        .bind("after", after)
                        .execute())
                == 1;
    }

    /** An account of any client. */
    public Optional<Account> find(UUID id) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select * from account where id = :id")
                        .bind("id", id)
                        .map((row, context) -> AccountRows.read(row))
                        .findOne());
    }

    /** An account of any client that is not being erased. */
    public Optional<Stored> findInUse(UUID id) {
        return findInUse(List.of(id)).stream().findFirst();
    }

    /**
     * Those of these accounts, of any client, that are there and whose client is not being erased.
     */
    public List<Stored> findInUse(Collection<UUID> ids) {
        return jdbi.withHandle(handle ->
                handle
                        .createQuery(
                                """
                                select * from account a where id = any (:ids) and not exists
                                    (select from client c where c.id = a.client_id and c.erasing_since is not null)\
                                """)
                        .bind("ids", ids.toArray(UUID[]::new))
                        .map((row, context) -> AccountRows.readIfKnown(row))
                        .list()
                        .stream()
                        .flatMap(Optional::stream)
                        .toList());
    }

    public Optional<Account> find(UUID clientId, UUID id) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select * from account where client_id = :client and id = :id")
                        .bind("client", clientId)
                        .bind("id", id)
                        .map((row, context) -> AccountRows.read(row))
                        .findOne());
    }

    public Optional<Account> findByRef(UUID clientId, String ref) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select * from account where client_id = :client and ref = :ref")
                        .bind("client", clientId)
                        .bind("ref", ref)
                        .map((row, context) -> AccountRows.read(row))
                        .findOne());
    }

    public long count(UUID clientId) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select count(*) from account where client_id = :client")
                        .bind("client", clientId)
                        .mapTo(Long.class)
                        .one());
    }

    private static RuntimeException refTaken(UnableToExecuteStatementException e, Account account) {
        boolean duplicate =
                e.getCause() instanceof PSQLException cause
                        && PSQLState.UNIQUE_VIOLATION.getState().equals(cause.getSQLState());
        return duplicate && account.ref() != null ? new RefTakenException(account.ref()) : e;
    }
}
