package dev.mailbell.api.client;

import dev.mailbell.api.http.Principal;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.KnownKey;
import dev.mailbell.client.PortalLink;
import dev.mailbell.client.PortalLinkStore;
import dev.mailbell.client.PortalToken;
import dev.mailbell.event.Ids;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** What is done with portal links: make, list, open, end. */
public final class PortalLinkActions {
    /** The page that opens links. The token is in the fragment, which browsers do not send. */
    public static final String PAGE = "/ui/portal";

    private final PortalLinkStore store;
    private final UnaryOperator<String> publicUrl;
    private final InstantSource clock;

    /**
     * @param publicUrl the URL of a path as browsers reach it
     */
    public PortalLinkActions(
            PortalLinkStore store, UnaryOperator<String> publicUrl, InstantSource clock) {
        this.store = store;
        this.publicUrl = publicUrl;
        this.clock = clock;
    }

    /** A link with its token, which is shown once. */
    public record WithUrl(PortalLink link, PortalToken token, String url) {
        @Override
        public String toString() {
            return "WithUrl[" + link.id() + "]";
        }
    }

    /** What links of this maker may be given, by name. */
    public static List<String> grantable(Principal maker) {
        return PortalLinkReader.grantable(maker);
    }

    /**
     * Prepares a link, which {@link #create} stores.
     *
     * @throws ProblemException 400 with every error; 403 for a scope that the maker lacks
     */
    public WithUrl prepare(UUID clientId, ObjectNode json, Principal maker) {
        PortalLinkReader.Draft draft = PortalLinkReader.read(json, maker);
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        PortalToken token = PortalToken.random();
        PortalLink link =
                new PortalLink(
                        Ids.next(),
                        clientId,
                        draft.name(),
                        draft.scopes(),
                        Uuids.parse(maker.keyId()).orElse(null),
                        now,
                        now.plus(draft.life()),
                        null);
        return new WithUrl(link, token, publicUrl.apply(PAGE) + "#" + token.reveal());
    }

    /**
     * @throws ProblemException 422 when the client has too many links
     */
    public void create(WithUrl prepared) {
        if (!store.insert(prepared.link(), prepared.token())) {
            throw new ProblemException(
                    Problem.refused(
                            "too-many-links",
                            "a client may have "
                                    + PortalLinkStore.MAX_PER_CLIENT
                                    + " links that have not ended; end some first"));
        }
    }

    /** A page of the links of a client that have not ended. */
    public List<PortalLink> list(UUID clientId, @Nullable UUID after, int limit) {
        return store.list(clientId, after, limit, clock.instant());
    }

    /**
     * Ends a link and what it has opened.
     *
     * @throws ProblemException 404 when there is none
     */
    public void end(UUID clientId, UUID id) {
        if (!store.delete(clientId, id)) {
            throw notFound();
        }
    }

    static ProblemException notFound() {
        return new ProblemException(Problem.notFound("the client has no portal link with this id"));
    }

    /** Opens the link with a token, once; empty when it cannot be opened. */
    public Optional<PortalLink> open(String token) {
        return PortalToken.parse(token).flatMap(text -> store.open(text, clock.instant()));
    }

    /** Whoever opened the link with this hash; empty once that has ended. */
    public Optional<Principal> opened(byte[] hash) {
        Optional<KnownKey> known = store.known(hash, clock.instant());
        return known.map(Principal::of);
    }
}
