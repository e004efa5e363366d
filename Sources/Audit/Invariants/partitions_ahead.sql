-- The inbox has partitions for at least two days ahead.
-- counts: the newest partition
select case when partition_days_ahead() < 2 then format('the newest lies %s days ahead', partition_days_ahead()) end
  as violation
