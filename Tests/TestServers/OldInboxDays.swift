/// Days of the inbox that its own function makes no more, as if workers had run for longer.
public enum OldInboxDays {
  /// A statement that makes the days from 32 to `back` days ago, for a superuser or the owner.
  public static func sql(upTo back: Int) -> String {
    """
    do $$ declare from_day date; begin
      for n in 32..\(back) loop
        from_day := (clock_timestamp() at time zone 'UTC')::date - n;
        execute format('create table %I partition of inbox for values from (%L) to (%L)',
          'inbox_' || to_char(from_day, 'YYYYMMDD'), from_day, from_day + 1);
      end loop;
    end $$
    """
  }
}
