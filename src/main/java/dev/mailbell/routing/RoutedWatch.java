package dev.mailbell.routing;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.cluster.Member;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.database.FencedException;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.mail.Protocol;
import dev.mailbell.network.Deadline;
import dev.mailbell.routing.node.Command;
import dev.mailbell.routing.node.NodeClient.NoReplyException;
import dev.mailbell.routing.node.NodeUnavailableException;
import dev.mailbell.routing.node.Nodes;
import dev.mailbell.routing.node.Parallel;
import dev.mailbell.routing.node.Reply;
import dev.mailbell.watch.Watch;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.check.CheckedMailbox;
import dev.mailbell.watch.history.PastCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * The watch over all accounts of the cluster. A command to an account is carried out by the node
 * that owns the account, and by no other: a mail server may lock out a second session. While no
 * node owns it, or the owner cannot be reached, the command fails.
 */
public final class RoutedWatch implements Watch {
    private static final Logger LOG = LoggerFactory.getLogger(RoutedWatch.class);

    /** How long an answer waits for fields that only other nodes know. */
    private static final Duration LIVE_TIMEOUT = Duration.ofMillis(500);

    private static final Duration PAST_CHECKS_TIMEOUT = Duration.ofSeconds(3);

    private final Watch local;
    private final Ownership ownership;
    private final Nodes nodes;
    private final MailboxStore mailboxes;
    private final StoredLogins logins;

    public RoutedWatch(
            Watch local,
            Ownership ownership,
            Nodes nodes,
            MailboxStore mailboxes,
            StoredLogins logins) {
        this.local = local;
        this.ownership = ownership;
        this.nodes = nodes;
        this.mailboxes = mailboxes;
        this.logins = logins;
    }

    @Override
    public void watch(Account account) {
        if (isMine(account.id())) {
            local.watch(account);
        }
    }

    @Override
    public void watchNew(List<Account> registered) {
        List<Account> mine = registered.stream().filter(account -> isMine(account.id())).toList();
        if (!mine.isEmpty()) {
            local.watchNew(mine);
        }
    }

    @Override
    public void changed(Collection<UUID> accountIds) {
        local.changed(accountIds);
    }

    @Override
    public void allChanged() {
        local.allChanged();
    }

    @Override
    public void mayHaveFailedOver() {
        local.mayHaveFailedOver();
    }

    @Override
    public void forget(UUID accountId) {
        local.forget(accountId);
    }

    @Override
    public void forgetClient(UUID clientId) {
        local.forgetClient(clientId);
    }

    private boolean isMine(UUID accountId) {
        return ownership.mayBegin(Account.shardOf(accountId));
    }

    @Override
    public Deadline deadline() {
        return local.deadline();
    }

    @Override
    public List<CheckedMailbox> check(Account account, Deadline deadline) {
        return atOwner(
                account.id(),
                () -> local.check(account, deadline),
                new Command.Check(account.clientId(), account.id()),
                OwnerCommands::checked,
                deadline);
    }

    @Override
    public Traced trace(Account account, boolean anew, Deadline deadline) {
        return atOwner(
                account.id(),
                () -> local.trace(account, anew, deadline),
                new Command.Trace(account.clientId(), account.id(), anew),
                OwnerCommands::traced,
                deadline);
    }

    @Override
    public List<PastCheck> pastChecks(UUID accountId) {
        return atOwner(
                accountId,
                () -> local.pastChecks(accountId),
                new Command.PastChecks(accountId),
                OwnerCommands::pastChecks,
                Deadline.after(PAST_CHECKS_TIMEOUT));
    }

    @Override
    public Mailbox position(
            Account account, String mailbox, PositionUpdate update, Deadline deadline) {
        PositionUpdate.UpTo upTo = update instanceof PositionUpdate.UpTo it ? it : null;
        if (upTo == null && !(update instanceof PositionUpdate.All)) {
            throw new IllegalArgumentException("clients do not give positions of this kind");
        }
        return atOwner(
                account.id(),
                () -> local.position(account, mailbox, update, deadline),
                new Command.Position(account.clientId(), account.id(), mailbox, upTo),
                // The owner has recorded it before it answered.
                answer ->
                        mailboxes.find(account.id(), mailbox).orElseThrow(NotWatchedException::new),
                deadline);
    }

    /** A POP3 login that is watched is tried by the node that watches it. */
    @Override
    public Verified verify(Account account, LoginSecret secret, Deadline deadline) {
        UUID stored =
                account.mail().protocol() == Protocol.POP3
                        ? logins.find(account.mail()).orElse(null)
                        : null;
        return stored == null
                ? local.verify(account, secret, deadline)
                : atOwner(
                        stored,
                        () -> local.verify(account, secret, deadline),
                        new Command.Verify(account, stored),
                        OwnerCommands::verified,
                        deadline);
    }

    /**
     * Carries a command out at the owner of an account. Where the owner changes meanwhile, at the
     * next one, once.
     */
    private <T> T atOwner(
            UUID accountId,
            Supplier<T> here,
            Command there,
            Function<JsonNode, T> answer,
            Deadline deadline) {
        int shard = Account.shardOf(accountId);
        Member known = null;
        for (int tries = 0; tries < 2; tries++) {
            if (!ownership.isActive()) {
                throw new FencedException();
            }
            if (ownership.mayBegin(shard)) {
                // A change that another node has made may not have reached this one.
                local.changed(List.of(accountId));
                try {
                    return here.get();
                } catch (NotWatchedException | FencedException e) {
                    if (ownership.mayBegin(shard) || !ownership.isActive()) {
                        throw e;
                    }
                    continue;
                }
            }
            Member owner = known == null ? nodes.ownerOf(shard).orElse(null) : known;
            if (owner == null || owner.id().equals(nodes.self())) {
                break;
            }
            Reply reply = ask(owner, there, deadline);
            if (reply.notMine() == null) {
                return answer.apply(OwnerCommands.value(reply, owner.name()));
            }
            known = successor(reply.notMine().owner());
        }
        throw new NodeUnavailableException(
                "the account is being taken over by another node; try again in a moment");
    }

    private Reply ask(Member owner, Command command, Deadline deadline) {
        try {
            return nodes.ask(owner, command, deadline);
        } catch (NoReplyException e) {
            throw new NodeUnavailableException(
                    "the node that owns the account cannot be reached; try again in a moment");
        }
    }

    /** The owner as the former one knows it; null to ask the own view of the cluster. */
    private @Nullable Member successor(@Nullable UUID id) {
        return id == null || id.equals(nodes.self()) ? null : nodes.find(id).orElse(null);
    }

    @Override
    public Optional<Live> live(UUID accountId) {
        return isMine(accountId)
                ? local.live(accountId)
                : Optional.ofNullable(remote(List.of(accountId), true).get(accountId));
    }

    @Override
    public Map<UUID, Live> live(Collection<UUID> accountIds) {
        List<UUID> mine = new ArrayList<>();
        List<UUID> others = new ArrayList<>();
        for (UUID id : accountIds) {
            (isMine(id) ? mine : others).add(id);
        }
        Map<UUID, Live> found = new HashMap<>(local.live(mine));
        found.putAll(remote(others, false));
        return found;
    }

    /** Asks all owners at once. An owner that does not answer costs its fields. */
    private Map<UUID, Live> remote(List<UUID> ids, boolean afterChanges) {
        Map<UUID, List<UUID>> byOwner = new HashMap<>();
        Map<UUID, Member> owners = new HashMap<>();
        for (UUID id : ids) {
            nodes.ownerOf(Account.shardOf(id))
                    .filter(owner -> !owner.id().equals(nodes.self()))
                    .ifPresent(owner -> {
                        owners.put(owner.id(), owner);
                        byOwner.computeIfAbsent(owner.id(), it -> new ArrayList<>()).add(id);
                    });
        }
        Map<UUID, Live> found = new ConcurrentHashMap<>();
        Deadline deadline = Deadline.after(LIVE_TIMEOUT);
        Parallel.run(
                owners.values(),
                owner ->
                        found.putAll(
                                liveAt(
                                        owner,
                                        byOwner.getOrDefault(owner.id(), List.of()),
                                        afterChanges,
                                        deadline)));
        return found;
    }

    private Map<UUID, Live> liveAt(
            Member owner, List<UUID> ids, boolean afterChanges, Deadline deadline) {
        try {
            Reply reply = nodes.ask(owner, new Command.LiveFields(ids, afterChanges), deadline);
            return reply.value() == null ? Map.of() : OwnerCommands.live(reply.value());
        } catch (NoReplyException | RuntimeException e) {
            LOG.debug("Node {} did not answer for {} accounts", owner.name(), ids.size(), e);
            return Map.of();
        }
    }
}
