package dev.mailbell.ui.session;

import dev.mailbell.api.http.PageAccess;
import dev.mailbell.api.http.Principal;
import dev.mailbell.api.http.Routes;
import dev.mailbell.database.Database;
import io.javalin.http.Context;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Finds the session of each request under {@code /ui/}, and sends people without one to the page
 * where they sign in. A session ends at its time, with its sign-out, and within two seconds of the
 * end of what it rests on.
 */
public final class Sessions {
    /** The kind of sessions that rest on an API key, whose subject is the hash of the key. */
    public static final String KEY = "key";

    /** How long a session with a key lasts. */
    public static final Duration LIFE = Duration.ofHours(12);

    /** The page that is shown after a sign-in without another destination. */
    public static final String HOME = Routes.PAGES + "overview";

    public static final String SIGN_IN = Routes.PAGES + "sign-in";
    public static final String SIGN_OUT = Routes.PAGES + "sign-out";
    private static final String COOKIE = "mailbell-session";
    private static final String SESSION = "mailbell.session";
    private static final int UNAUTHORIZED = 401;

    private final PageAccess access;
    private final SessionSeal seal;
    private final SignedOut signedOut;
    private final EndedSessions ended;
    private final Cookies cookies;
    private final InstantSource clock;
    private final Map<String, Function<Session, Optional<Principal>>> kinds = new HashMap<>();
    private final Set<String> open = new HashSet<>();

    public Sessions(
            PageAccess access,
            SessionSeal seal,
            SignedOut signedOut,
            EndedSessions ended,
            Cookies cookies,
            InstantSource clock) {
        this.access = access;
        this.seal = seal;
        this.signedOut = signedOut;
        this.ended = ended;
        this.cookies = cookies;
        this.clock = clock;
        accept(KEY, session -> access.principal(session.subject()));
    }

    /**
     * Accepts sessions that rest on something else than a key. To be called before the server
     * starts.
     *
     * @param kind short; in the cookie
     * @param principal what a session may do now; empty once what it rests on has ended
     */
    public void accept(String kind, Function<Session, Optional<Principal>> principal) {
        kinds.put(kind, principal);
    }

    /** Lets everybody see the pages whose paths begin so. To be called before the server starts. */
    public void open(String prefix) {
        open.add(prefix);
    }

    /** Begins a session: from now on the browser's requests have it. */
    public void begin(Context context, Session session) {
        cookies.set(
                context,
                COOKIE,
                seal.seal(session),
                Duration.between(clock.instant(), session.expiresAt()));
    }

    /** Ends the session of a request. */
    public void end(Context context) {
        cookies.remove(context, COOKIE);
        of(context).ifPresent(session -> signedOut.add(session, clock.instant()));
    }

    /** The session of a request. */
    public static Optional<Session> of(Context context) {
        return Optional.ofNullable(context.attribute(SESSION));
    }

    /** Runs before every request under {@code /ui/}. */
    public void find(Context context) {
        Optional<String> cookie = cookies.read(context, COOKIE);
        Optional<Session> given = cookie.flatMap(seal::open);
        Optional<Principal> principal = given.flatMap(session -> admitted(context, session));
        if (given.isPresent() && principal.isPresent()) {
            context.attribute(SESSION, given.get());
            access.admit(context, principal.get(), () -> principal(given.get()));
            return;
        }
        if (of(context).isPresent()) {
            return;
        }
        if (cookie.isPresent()) {
            cookies.remove(context, COOKIE);
            access.countRefused(context);
        }
        if (open.stream().noneMatch(context.path()::startsWith)) {
            refuse(context, cookie.isPresent());
        }
    }

    private Optional<Principal> admitted(Context context, Session session) {
        try {
            return principal(session);
        } catch (RuntimeException e) {
            if (!Database.isAway(e) || !context.path().equals(SIGN_OUT)) {
                throw e;
            }
            // Signing out needs no rights. Who the sender is stays unknown.
            context.attribute(SESSION, session);
            return Optional.empty();
        }
    }

    /** Empty once the session has ended; then what it rests on is not asked for a moment. */
    private Optional<Principal> principal(Session session) {
        if (ended.contains(session.id())) {
            return Optional.empty();
        }
        Function<Session, Optional<Principal>> kind = kinds.get(session.kind());
        Optional<Principal> principal =
                kind == null
                                || !clock.instant().isBefore(session.expiresAt())
                                || signedOut.contains(session, clock.instant())
                        ? Optional.empty()
                        : kind.apply(session);
        if (principal.isEmpty()) {
            ended.add(session.id());
        }
        return principal;
    }

    private static void refuse(Context context, boolean ended) {
        String to = SIGN_IN + "?to=" + encoded(wanted(context)) + (ended ? "&ended=yes" : "");
        if (context.header("HX-Request") != null) {
            context.header("HX-Redirect", to);
            context.status(UNAUTHORIZED);
        } else {
            context.header("Location", to);
            context.status(303);
        }
        context.skipRemainingHandlers();
    }

    /** Where to go after the sign-in: the page that the person wants, or is on. */
    private static String wanted(Context context) {
        String query = context.queryString();
        return !context.req().getMethod().equals("GET")
                ? HOME
                : context.path() + (query == null ? "" : "?" + query);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
