-- What would end or change a careless literal: """ """# "# "## \(x) \#(x) \##(x) \n \u{41} 'quoted' $$dollar$$ ü 🦉
select '"""', E'\n',	'tab before';

-- The file's last line has no newline: that stays so too.
select 1